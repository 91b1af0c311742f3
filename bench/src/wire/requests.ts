import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Dial, readExactly } from './dial.js';

/** Connections that carry requests at the same time, one after the other on each. */
const connections = 16;

/** Requests per second over connections that stay open; one sample for every interval of a quarter of a second. */
export async function measureRequests(dial: Dial, host: string, milliseconds: number): Promise<number[]> {
  const request = Buffer.from(`GET /bench HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  const sockets = await Promise.all(Array.from({ length: connections }, dial));
  const interval = 250;
  const counts = new Array<number>(Math.ceil(milliseconds / interval)).fill(0);
  const began = performance.now();
  const client = async (socket: Socket): Promise<void> => {
    for (;;) {
      await requestOnce(socket, request);
      const index = Math.floor((performance.now() - began) / interval);
      if (index >= counts.length) return;
      counts[index] = (counts[index] ?? 0) + 1;
    }
  };
  await Promise.all(sockets.map(client));
  for (const socket of sockets) socket.destroy();
  return counts.slice(1).map((count) => (count * 1000) / interval);
}

const shortest = Buffer.from('HTTP/1.1 200 OK\r\n\r\n').length;

/** Sends one request and reads until the end of the body, which is always `ok` and a line break. */
async function requestOnce(socket: Socket, request: Buffer): Promise<void> {
  socket.write(request);
  let response = await readExactly(socket, shortest);
  while (!complete(response)) response = Buffer.concat([response, await readExactly(socket, 1)]);
  if (!response.subarray(0, 12).equals(success)) throw new Error(`unexpected response: ${response.subarray(0, 80).toString()}`);
}

const success = Buffer.from('HTTP/1.1 200');

/** Bodies come with a length or in chunks, as the gate likes; both end in a way of their own. */
function complete(response: Buffer): boolean {
  const end = response.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const chunked = response.subarray(0, end).toString('latin1').toLowerCase().includes('transfer-encoding: chunked');
  return response.subarray(end + 4).includes(chunked ? '0\r\n\r\n' : 'ok\n');
}
