// A load maker, forked by the benchmark: does one task after the other, each a message, and answers each with its result.
import { measureConnections } from '../wire/load/connections.js';
import { HeldConnections } from '../wire/load/held-connections.js';
import { measureLatency } from '../wire/load/latency.js';
import { measureRequests } from '../wire/load/requests.js';
import type { LoadResult, LoadTask } from '../wire/load/tasks.js';
import { measureThroughput } from '../wire/load/throughput.js';

const held = new HeldConnections();

process.on('message', (task: LoadTask) => {
  perform(task).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));

async function perform(task: LoadTask): Promise<LoadResult> {
  switch (task.kind) {
    case 'throughput':
      return { rate: await measureThroughput(task.target, task.connections, task.milliseconds) };
    case 'connections':
      return { rate: await measureConnections(task.target, task.clients, task.milliseconds) };
    case 'latency':
      return measureLatency(task.target, task.milliseconds);
    case 'requests':
      return measureRequests(task);
    case 'hold':
      await held.open(task.target, task.connections);
      return {};
    case 'exchange':
      await held.exchange(task.milliseconds);
      return {};
    case 'release':
      held.release();
      return {};
  }
}
