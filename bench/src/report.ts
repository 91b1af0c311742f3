import type { Machine } from './machine.js';

/** The first line: what the figures were measured on. */
export function formatMachine({ node, processor, cores, memoryBytes, system }: Machine): string {
  return `${processor}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system}, Node.js ${node}`;
}
