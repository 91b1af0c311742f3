import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Opens a socket and then never accepts: its thread sleeps. */
const program = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
createServer().listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage('listening');
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

/** A listener that answers no connection attempt, neither accepting nor refusing. Returns what ends it. */
export async function startStuckListener(host: string, port: number): Promise<() => unknown> {
  const worker = new Worker(program, { eval: true, workerData: { host, port } });
  await once(worker, 'message');
  // The kernel completes as many connections as the backlog holds; these take the places.
  const fillers: Socket[] = [];
  for (let place = 0; place < 4; place += 1) fillers.push(connect({ host, port }).on('error', () => undefined));
  await Promise.all([once(fillers[0] as Socket, 'connect'), once(fillers[1] as Socket, 'connect')]);
  return () => {
    for (const filler of fillers) filler.destroy();
    return worker.terminate();
  };
}
