import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connectSocket, OverflowError } from '../../src/socket/connect-socket.js';
import { dialTcp } from '../../src/socket/dial-tcp.js';
import { listenTcp, type TcpListenerOptions } from '../../src/socket/tcp-listener.js';
import { readSome } from '../support/await-event.js';
import { startStuckListener } from '../support/stuck-listener.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(options: Partial<TcpListenerOptions>): Promise<number> {
  const listener = await listenTcp({
    address: '127.0.0.1',
    port: 0,
    onConnection: (socket) =>
      void socket
        .resume()
        .once('end', () => socket.end())
        .write('served'),
    ...options,
  });
  cleanups.push(() => listener.close(0));
  return listener.port;
}

function from(localAddress: string, port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

function isServed(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => socket.once('data', () => resolve(true)).once('close', () => resolve(false)));
}

it('a listener takes so many connections, drops the next one, and has room again when one has ended', async () => {
  const port = await listen({ maxConnections: 3 });
  const open = [from('127.0.0.7', port), from('127.0.0.8', port), from('127.0.0.9', port)];
  for (const socket of open) expect(await isServed(socket)).toBe(true);
  expect(await isServed(from('127.0.0.10', port))).toBe(false);
  open[0]?.destroy();
  await expect.poll(() => isServed(from('127.0.0.10', port))).toBe(true);
});

it('a listener takes so many connections of one address, and others meanwhile', async () => {
  const port = await listen({ maxFromAddress: 2 });
  const open = [from('127.0.0.7', port), from('127.0.0.7', port)];
  for (const socket of open) expect(await isServed(socket)).toBe(true);
  expect(await isServed(from('127.0.0.7', port))).toBe(false);
  expect(await isServed(from('127.0.0.8', port))).toBe(true);
  open[0]?.destroy();
  await expect.poll(() => isServed(from('127.0.0.7', port))).toBe(true);
});

it('so many connections to one place are being opened at once, the next one fails at once, and other places do not notice', async () => {
  const [place, other] = [`127.0.99.${process.pid % 200}`, 8080];
  cleanups.push(await startStuckListener(place, other));
  const opening = Array.from({ length: 1024 }, () => {
    const socket = connectSocket({ address: place, port: other });
    socket.on('error', () => undefined);
    return socket;
  });
  cleanups.push(() => opening.map((socket) => socket.destroy()));
  await expect(dialTcp({ address: place, port: other, timeoutMs: 60_000 })).rejects.toBeInstanceOf(OverflowError);

  const server = createServer((socket) => socket.write('served')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const address = server.address();
  const elsewhere = await dialTcp({
    address: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    timeoutMs: 10_000,
  });
  expect(await readSome(elsewhere)).toBe('served');
  elsewhere.destroy();

  const freed = opening[7] as Socket;
  await Promise.all([once(freed, 'close'), freed.destroy()]);
  const next = connectSocket({ address: place, port: other });
  next.on('error', () => undefined);
  opening.push(next);
});

it('an attempt that fails gives its place back', async () => {
  for (let count = 0; count < 1030; count += 1) {
    await expect(dialTcp({ address: '127.0.0.1', port: 9, timeoutMs: 10_000 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
});
