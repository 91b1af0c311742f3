import { performance } from 'node:perf_hooks';
import { type Dial, readExactly } from './dial.js';

const message = Buffer.alloc(64, 'x');

/** How long one small message and its echo take on a connection that is open, in microseconds, one sample each. */
export async function measureLatency(dial: Dial, milliseconds: number): Promise<number[]> {
  const socket = await dial();
  socket.write('E');
  const samples: number[] = [];
  const warmUp = performance.now() + milliseconds / 4;
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const sent = performance.now();
    socket.write(message);
    await readExactly(socket, message.length);
    const received = performance.now();
    if (received > warmUp) samples.push((received - sent) * 1000);
  }
  socket.destroy();
  return samples;
}
