import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type DialTarget, dial } from './dial.js';

const chunk = Buffer.alloc(64 * 1024, 'x');

/** Bytes per second that connections carry together, from the first byte sent until the other side says that it has the last one. */
export async function measureThroughput(target: DialTarget, connections: number, milliseconds: number): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(target)));
  const began = performance.now();
  const bytes = await Promise.all(sockets.map((socket) => send(socket, began + milliseconds)));
  const seconds = (performance.now() - began) / 1000;
  return bytes.reduce((sum, count) => sum + count, 0) / seconds;
}

/** Sends until it is time, and compares what was sent with what arrived. */
async function send(socket: Socket, until: number): Promise<number> {
  let sent = 0;
  socket.write('S');
  while (performance.now() < until) {
    sent += chunk.length;
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  const chunks: Buffer[] = [];
  for await (const part of socket) chunks.push(part as Buffer);
  const arrived = Number(Buffer.concat(chunks).toString('utf8').trim());
  if (arrived !== sent) throw new Error(`sent ${sent} bytes, ${arrived} arrived`);
  return sent;
}
