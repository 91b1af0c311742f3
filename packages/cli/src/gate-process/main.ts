// The entry of a gate process: `up` starts one for each gate, main.js NAME WORKERS, and with a
// decision log its file and which decisions go there. Several workers are further processes, started by this
// one. Configuration and certificates come over the channel to the supervisor; when that closes after the start, the gate goes on with
// what it has.
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { chooseDebugEngine } from '../debug-engine.js';
import type { FromGate, ToGate } from '../gate-protocol/messages.js';
import { openDecisionFile } from './decision-file.js';
import { GateHost } from './gate-host.js';
import { LineWriter } from './line-writer.js';
import { startGate } from './start-gate.js';
import { WorkerGroup } from './worker-group.js';

/** How long connections get to finish when the process is told to end by a signal rather than by its supervisor. */
const signalDrainMs = 2000;

chooseDebugEngine(process.env);
const lines = LineWriter.to(1);
const log = (line: string): void => lines.write(line);
const [name = '', workers = '1', ...decisionArguments] = process.argv.slice(2);
const alone = cluster.isWorker || workers === '1';
if (!alone)
  cluster.setupPrimary({
    exec: fileURLToPath(import.meta.url),
    args: [name, '1', ...decisionArguments],
    execArgv: [],
    serialization: 'json',
  });
const decisions = alone ? openDecisionFile(decisionArguments) : undefined;
const host = alone
  ? new GateHost({ send, log, startGate, ...(decisions === undefined ? {} : { decisions }) })
  : new WorkerGroup(Number(workers), { send, log });

process.on('message', (message) => host.receive(message as ToGate));
process.on('disconnect', () => {
  // Not recorded anywhere yet, so nobody could find this process to end it.
  if (!host.hasStarted) process.exit(1);
  host.supervisorGone();
});
process.on('SIGTERM', () => void end(signalDrainMs));
process.on('SIGINT', () => void end(signalDrainMs));
host.onStop((drainMs) => void end(drainMs));
send({ type: 'here' });

async function end(drainMs: number): Promise<void> {
  await host.close(drainMs);
  await lines.flush();
  await decisions?.flush();
  process.exit(0);
}

function send(message: FromGate): boolean {
  if (!process.connected || process.send === undefined) return false;
  // The callback keeps a channel that closes meanwhile from becoming an error event.
  process.send(message, undefined, undefined, () => undefined);
  return true;
}
