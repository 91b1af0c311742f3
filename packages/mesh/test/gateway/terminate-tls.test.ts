import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { terminateTls } from '../../src/gateway/terminate-tls.js';
import { proxyHeaderOf } from '../../src/socket/proxy-header.js';
import { listenTcp, type TcpListener } from '../../src/socket/tcp-listener.js';

let listener: TcpListener;
let client: Socket;
const failures: string[] = [];
afterEach(async () => {
  client.destroy();
  failures.length = 0;
  await listener.close(0);
});

/** `before` is what happens to the connection before its TLS is ended. */
async function dial(handshakeTimeoutMs: number, before: (socket: Socket) => unknown = () => undefined): Promise<void> {
  listener = await listenTcp({
    address: '127.0.0.1',
    port: 0,
    onConnection: async (socket) => {
      await before(socket);
      terminateTls(socket, {
        certificateFor: () => undefined,
        onSecure: () => failures.push('secure'),
        onFailed: (_, { message }) => failures.push(message),
        handshakeTimeoutMs,
      });
    },
  });
  client = connect(listener.port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
}

describe('a handshake at a gateway', () => {
  it('ends its connection when it takes too long', async () => {
    await dial(50);
    client.write(Buffer.from([0x16, 3, 1]));
    await once(client.resume(), 'close');
    expect(failures).toEqual(['TLS handshake timeout']);
  });

  it('ends its connection when it fails', async () => {
    await dial(3_600_000);
    client.write('GET / HTTP/1.1\r\n\r\n');
    await once(client.resume(), 'close');
    expect(failures).toEqual([expect.stringContaining('http request')]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a greeting', Buffer.from([0x16, 3, 1])],
  ])('ends its connection at once when the client ends its half after %s', async (_, bytes) => {
    await dial(3_600_000);
    client.end(bytes);
    await once(client.resume(), 'close');
    expect(failures).toHaveLength(1);
  });

  it('ends its connection at once when the client ended its half behind a PROXY header', async () => {
    await dial(3_600_000, async (socket) => {
      const ended = once(socket, 'end');
      await proxyHeaderOf(socket, 10_000);
      await ended;
    });
    client.end('PROXY TCP4 10.0.0.1 10.0.0.2 1 443\r\n');
    await once(client.resume(), 'close');
    expect(failures).toHaveLength(1);
  });
});
