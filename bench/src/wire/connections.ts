import { performance } from 'node:perf_hooks';
import { type Dial, readExactly } from './dial.js';

/** Clients that open connections at the same time. */
const clients = 8;

/** New connections per second, each used for one byte and its echo; one sample for every interval of a quarter of a second. */
export async function measureConnections(dial: Dial, milliseconds: number): Promise<number[]> {
  const interval = 250;
  const began = performance.now();
  const counts = new Array<number>(Math.ceil(milliseconds / interval)).fill(0);
  const client = async (): Promise<void> => {
    for (;;) {
      await useOnce(dial);
      const index = Math.floor((performance.now() - began) / interval);
      if (index >= counts.length) return;
      counts[index] = (counts[index] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  // The first interval holds what happens once: tunnels that are pooled, code that is compiled.
  return counts.slice(1).map((count) => (count * 1000) / interval);
}

async function useOnce(dial: Dial): Promise<void> {
  const socket = await dial();
  socket.write('E!');
  await readExactly(socket, 1);
  socket.destroy();
}
