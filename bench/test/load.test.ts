import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { measureLatency } from '../src/wire/load/latency.js';
import { measureRequests } from '../src/wire/load/requests.js';
import { measureThroughput } from '../src/wire/load/throughput.js';

const servers: Server[] = [];

async function serve(onConnection: (socket: Socket) => void) {
  const server = createServer((socket) => onConnection(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const requests = { kind: 'requests', connections: 2, authority: 'web', milliseconds: 50 } as const;

describe('a load maker', () => {
  it('measures no throughput where bytes are lost', async () => {
    const target = await serve((socket) => socket.resume().once('end', () => socket.end('1\n')));
    await expect(measureThroughput(target, 1, 20)).rejects.toThrow(/sent \d+ bytes, 1 arrived/);
  });

  it('times an echo', async () => {
    const target = await serve((socket) => socket.pipe(socket));
    const { p50 = 0, p99 = 0 } = await measureLatency(target, 100);
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  });

  it('counts responses that come in pieces', async () => {
    const target = await serve((socket) =>
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n');
        setImmediate(() => socket.write('\r\nok\n'));
      }),
    );
    expect((await measureRequests({ ...requests, target })).rate).toBeGreaterThan(0);
  });

  it('counts no request that was refused', async () => {
    const target = await serve((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')),
    );
    await expect(measureRequests({ ...requests, target })).rejects.toThrow('unexpected response: HTTP/1.1 403');
  });
});
