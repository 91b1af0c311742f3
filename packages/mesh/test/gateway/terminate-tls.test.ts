import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { terminateTls } from '../../src/gateway/terminate-tls.js';
import { listenTcp, type TcpListener } from '../../src/socket/tcp-listener.js';

let listener: TcpListener;
let client: Socket;
const failures: string[] = [];
afterEach(async () => {
  client.destroy();
  failures.length = 0;
  await listener.close(0);
});

async function dial(): Promise<void> {
  listener = await listenTcp({
    address: '127.0.0.1',
    port: 0,
    onConnection: (socket) =>
      terminateTls(socket, {
        certificateFor: () => undefined,
        onSecure: () => failures.push('secure'),
        onFailed: (_, { message }) => failures.push(message),
        handshakeTimeoutMs: 50,
      }),
  });
  client = connect(listener.port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
}

describe('a handshake at a gateway', () => {
  it('ends its connection when it takes too long', async () => {
    await dial();
    client.write(Buffer.from([0x16, 3, 1]));
    await once(client.resume(), 'close');
    expect(failures).toEqual(['TLS handshake timeout']);
  });

  it('ends its connection when it fails', async () => {
    await dial();
    client.write('GET / HTTP/1.1\r\n\r\n');
    await once(client.resume(), 'close');
    expect(failures).toEqual([expect.stringContaining('http request')]);
  });
});
