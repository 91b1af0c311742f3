import { performance } from 'node:perf_hooks';
import { type DialTarget, dial, readExactly } from './dial.js';

/** New connections per second of clients that open one after the other, each used for one byte and its echo. */
export async function measureConnections(target: DialTarget, clients: number, milliseconds: number): Promise<number> {
  const began = performance.now();
  let count = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - began < milliseconds) {
      await useOnce(target);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (count * 1000) / (performance.now() - began);
}

async function useOnce(target: DialTarget): Promise<void> {
  const socket = await dial(target);
  socket.write('E!');
  await readExactly(socket, 1);
  socket.destroy();
}
