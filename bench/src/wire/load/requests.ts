import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { quantile } from '../spread.js';
import { dial } from './dial.js';
import type { LoadResult, LoadTask } from './tasks.js';

const endOfHead = Buffer.from('\r\n\r\n');
const success = Buffer.from('HTTP/1.1 200');

/** Requests per second and their latency over connections that stay open, one request after the other on each. */
export async function measureRequests(task: Extract<LoadTask, { kind: 'requests' }>): Promise<LoadResult> {
  const { target, connections, authority, milliseconds } = task;
  const request = Buffer.from(`GET /bench HTTP/1.1\r\nhost: ${authority}\r\nuser-agent: bench\r\naccept: */*\r\n\r\n`);
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(target)));
  const began = performance.now();
  const samples: number[] = [];
  const end = began + milliseconds;
  await Promise.all(sockets.map((socket) => ask(socket, request, end, samples)));
  const seconds = (performance.now() - began) / 1000;
  return { count: samples.length, rate: samples.length / seconds, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
}

/** Asks until it is time. A response is complete with the bytes that its `content-length` says. */
function ask(socket: Socket, request: Buffer, end: number, samples: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    let sent = performance.now();
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const length = lengthOf(received);
      if (length === undefined || received.length < length) return;
      if (!received.subarray(0, success.length).equals(success)) {
        reject(new Error(`unexpected response: ${received.subarray(0, 80).toString()}`));
        socket.destroy();
        return;
      }
      received = received.subarray(length);
      const now = performance.now();
      samples.push((now - sent) * 1000);
      if (now > end) {
        resolve();
        socket.destroy();
        return;
      }
      sent = performance.now();
      socket.write(request);
    });
    socket.once('close', () => reject(new Error('the connection closed')));
    socket.resume();
    socket.write(request);
  });
}

function lengthOf(received: Buffer): number | undefined {
  const end = received.indexOf(endOfHead);
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end).toLowerCase();
  const at = head.indexOf('\r\ncontent-length:');
  if (at < 0) throw new Error(`a response without a length: ${head.slice(0, 80)}`);
  return end + endOfHead.length + Number.parseInt(head.slice(at + 17), 10);
}
