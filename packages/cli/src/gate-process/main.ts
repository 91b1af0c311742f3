// The entry of a gate process: `up` starts one for each gate and tells it by its arguments what it has to know at once. Several workers are further processes, started by this
// one. Configuration and certificates come over the channel to the supervisor; when that closes after the start, the gate goes on with
// what it has.
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { chooseDebugEngine } from '../debug-engine.js';
import { readGateArguments, writeGateArguments } from '../gate-protocol/gate-arguments.js';
import type { FromGate, ToGate } from '../gate-protocol/messages.js';
import { gateNodeOptions } from '../gate-protocol/node-options.js';
import { ConnectionBoard } from './connection-board.js';
import { WorkerShare } from './connection-relay.js';
import { openDecisionFile } from './decision-file.js';
import { GateHost } from './gate-host.js';
import { LineWriter } from './line-writer.js';
import { startGate } from './start-gate.js';
import { slotVariable, WorkerGroup } from './worker-group.js';

/** Gates whose connections are short and cheap, so that to hand one out costs as much as to serve it. Those of other gates carry many tunnels, and are shared out evenly. */
const acceptsByItself = new Set(['ztunnel-source']);

/** Where a worker finds what all workers have open. */
const boardFd = 4;

/** How long connections get to finish when the process is told to end by a signal rather than by its supervisor. */
const signalDrainMs = 2000;

chooseDebugEngine(process.env);
const lines = LineWriter.to(1);
const log = (line: string): void => lines.write(line);
const told = readGateArguments(process.argv.slice(2));
const alone = told.workers === 1;
const shared = told.workers > 1 && acceptsByItself.has(told.name) ? ConnectionBoard.openFile() : undefined;
if (!alone) {
  cluster.schedulingPolicy = shared === undefined ? cluster.SCHED_RR : cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: fileURLToPath(import.meta.url),
    args: writeGateArguments({ ...told, workers: 1, ...(shared === undefined ? {} : { acceptors: told.workers }) }),
    execArgv: [...gateNodeOptions],
    serialization: 'json',
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...(shared === undefined ? [] : [shared])],
  });
}
const share =
  told.acceptors === undefined
    ? undefined
    : new WorkerShare(Number(process.env[slotVariable]), new ConnectionBoard(boardFd, told.acceptors));
const decisions = alone && told.decisions !== undefined ? openDecisionFile(told.decisions) : undefined;
const host = alone
  ? new GateHost({
      send,
      log,
      startGate,
      isWorker: cluster.isWorker,
      ...(decisions === undefined ? {} : { decisions }),
      ...(told.traces === undefined ? {} : { traces: told.traces }),
      ...(share === undefined ? {} : { share }),
    })
  : new WorkerGroup(told.workers, { send, log }, shared === undefined ? undefined : new ConnectionBoard(shared, told.workers));

process.on('message', (message, handle) => {
  if (share?.receive(message, handle) !== true) host.receive(message as ToGate);
});
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
