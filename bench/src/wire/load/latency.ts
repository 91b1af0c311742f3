import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { quantile } from '../spread.js';
import { type DialTarget, dial } from './dial.js';
import type { LoadResult } from './tasks.js';

const byte = Buffer.from('x');

/** How long one byte and its echo take on an open connection. The first quarter of the time is for warming up. */
export async function measureLatency(target: DialTarget, milliseconds: number): Promise<LoadResult> {
  const socket = await dial(target);
  const samples: number[] = [];
  const began = performance.now();
  const warm = began + milliseconds / 4;
  let sent = began;
  socket.write('E');
  socket.on('data', () => {
    const now = performance.now();
    if (sent > warm) samples.push((now - sent) * 1000);
    if (now - began > milliseconds) {
      socket.destroy();
    } else {
      sent = performance.now();
      socket.write(byte);
    }
  });
  socket.resume();
  socket.write(byte);
  await once(socket, 'close');
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
}
