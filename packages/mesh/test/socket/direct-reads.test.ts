import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readDirectly } from '../../src/socket/direct-reads.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Both ends of a TCP connection, the server's first. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = (await accepted) as [Socket];
  cleanups.push(() => client.destroy());
  return [socket, client];
}

describe('reading directly', () => {
  it('works on this Node.js, for accepted and for opened sockets, with one buffer', async () => {
    for (const [socket, other] of [await pair(), (await pair()).reverse() as [Socket, Socket]]) {
      const buffer = Buffer.alloc(8);
      let text = '';
      const direct = readDirectly(socket, buffer, (bytes) => {
        expect(bytes.buffer).toBe(buffer.buffer);
        text += bytes;
      });
      // If a version of Node.js makes this false, gates still work, at about half their speed.
      expect(direct).toBe(true);
      socket.resume();
      other.end('more than eight bytes');
      await once(socket, 'end');
      expect(text).toBe('more than eight bytes');
      socket.end();
    }
  });

  it('stops and goes on with pause and resume', async () => {
    const [socket, other] = await pair();
    let text = '';
    readDirectly(socket, Buffer.alloc(64), (bytes) => {
      text += bytes;
      socket.pause();
    });
    socket.resume();
    other.write('a');
    while (text === '') await new Promise((resolve) => setImmediate(resolve));
    other.end('b');
    // Nothing is read while it is paused, however long; a round trip on another connection is long enough to see it.
    const [probe, far] = await pair();
    far.write('x');
    await once(probe, 'data');
    expect(text).toBe('a');
    socket.resume();
    while (text === 'a') await new Promise((resolve) => setImmediate(resolve));
    expect(text).toBe('ab');
    socket.resume();
    await once(socket, 'end');
  });

  it('leaves a socket alone that has been closed', async () => {
    const [socket] = await pair();
    socket.destroy();
    expect(readDirectly(socket, Buffer.alloc(8), () => undefined)).toBe(false);
  });
});
