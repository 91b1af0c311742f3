import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Dial } from './dial.js';

const chunk = Buffer.alloc(64 * 1024, 'x');

/** Bytes per second that one connection carries, from the first byte sent until the other side says that it has the last one. */
export async function measureThroughput(dial: Dial, bytes: number): Promise<number> {
  const socket = await dial();
  const began = performance.now();
  socket.write('S');
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  const answer = await readToEnd(socket);
  const seconds = (performance.now() - began) / 1000;
  if (Number(answer) !== Math.ceil(bytes / chunk.length) * chunk.length)
    throw new Error(`sent ${bytes} bytes, ${answer} arrived`);
  return Number(answer) / seconds;
}

async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const part of socket) chunks.push(part as Buffer);
  return Buffer.concat(chunks).toString('utf8').trim();
}
