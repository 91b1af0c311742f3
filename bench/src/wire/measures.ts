import type { DialTarget } from './load/dial.js';
import type { LoadMaker } from './load/load-maker.js';
import type { LoadTask } from './load/tasks.js';
import type { BenchPath, PathName } from './path/bench-path.js';
import { processorTime } from './processor-time.js';

/** A figure that is taken of every path in every round. */
export type MeasureName =
  | 'one-connection'
  | 'many-connections'
  | 'new-connections'
  | 'round-trip-p50'
  | 'round-trip-p99'
  | 'requests'
  | 'request-p50'
  | 'request-p99'
  | 'request-cpu';

/** What a figure is, and what our gates are to reach. */
export interface Measure {
  readonly title: string;
  readonly unit: 'bytes/s' | '/s' | 'µs';
  /** Ratios of our gates to another path. Rates are to be at least this, times at most. */
  readonly targets: Partial<Readonly<Record<PathName, number>>>;
}

/** Connections at once, where there are many. */
const manyConnections = 64;
/** Clients that open connections at the same time. */
const openingClients = 16;
/** Connections that carry requests at the same time. */
const requestConnections = 32;

/** In the order of their columns. */
export const measures: Readonly<Record<MeasureName, Measure>> = {
  'one-connection': { title: 'one connection', unit: 'bytes/s', targets: { envoy: 0.9, 'node-http2': 1.1 } },
  'many-connections': { title: `${manyConnections} connections`, unit: 'bytes/s', targets: { envoy: 0.8 } },
  'new-connections': { title: `new connections, ${openingClients} at a time`, unit: '/s', targets: { envoy: 1.1 } },
  'round-trip-p50': { title: 'one byte there and back, p50', unit: 'µs', targets: { envoy: 1 } },
  'round-trip-p99': { title: 'one byte there and back, p99', unit: 'µs', targets: { envoy: 1.2 } },
  requests: { title: `HTTP requests on ${requestConnections} connections`, unit: '/s', targets: { envoy: 1 } },
  'request-p50': { title: 'HTTP request, p50', unit: 'µs', targets: {} },
  'request-p99': { title: 'HTTP request, p99', unit: 'µs', targets: { envoy: 1 } },
  'request-cpu': { title: 'HTTP request, CPU time of all gates', unit: 'µs', targets: {} },
};

/** Figures of one path in one round. */
export type Figures = Partial<Readonly<Record<MeasureName, number>>>;

/** How a path is warmed up: each kind of load for so long at a time, at most so often. */
export interface WarmUp {
  readonly milliseconds: number;
  readonly mostTimes: number;
}

/** Times in a row that bring no better rate than the best before until a load is taken to be warm, and what counts as better. */
const settledAfter = 4;
const better = 1.03;

/** Loads a path until what runs in it has been compiled: a gate runs for weeks, and what the first minute costs is no figure of it. */
export async function warmUp({ connection, requests }: BenchPath, loadMaker: LoadMaker, how: WarmUp): Promise<void> {
  const { milliseconds } = how;
  await settle(loadMaker, how, { kind: 'connections', target: connection, clients: openingClients, milliseconds });
  await settle(loadMaker, how, { kind: 'throughput', target: connection, connections: manyConnections, milliseconds });
  await loadMaker.perform({ kind: 'latency', target: connection, milliseconds });
  if (requests !== undefined) await settle(loadMaker, how, requestTask(requests, milliseconds));
}

async function settle(loadMaker: LoadMaker, { mostTimes }: WarmUp, task: LoadTask): Promise<void> {
  let best = 0;
  for (let times = 0, since = 0; times < mostTimes && since < settledAfter; times += 1) {
    const { rate = 0 } = await loadMaker.perform(task);
    since = rate > best * better ? 0 : since + 1;
    best = Math.max(best, rate);
  }
}

/** Takes every figure of a path once, each for so long. */
export async function measurePath(path: BenchPath, loadMaker: LoadMaker, milliseconds: number): Promise<Figures> {
  const target = path.connection;
  const one = await loadMaker.perform({ kind: 'throughput', target, connections: 1, milliseconds });
  const many = await loadMaker.perform({ kind: 'throughput', target, connections: manyConnections, milliseconds });
  const opened = await loadMaker.perform({ kind: 'connections', target, clients: openingClients, milliseconds });
  const trip = await loadMaker.perform({ kind: 'latency', target, milliseconds });
  return {
    ...figure('one-connection', one.rate),
    ...figure('many-connections', many.rate),
    ...figure('new-connections', opened.rate),
    ...figure('round-trip-p50', trip.p50),
    ...figure('round-trip-p99', trip.p99),
    ...(await measureRequests(path, loadMaker, milliseconds * 2)),
  };
}

async function measureRequests(path: BenchPath, loadMaker: LoadMaker, milliseconds: number): Promise<Figures> {
  if (path.requests === undefined) return {};
  const before = await processorTime(path);
  const { rate, count, p50, p99 } = await loadMaker.perform(requestTask(path.requests, milliseconds));
  const after = await processorTime(path);
  const each = before === undefined || after === undefined || count === undefined ? undefined : (after - before) / count;
  return {
    ...figure('requests', rate),
    ...figure('request-p50', p50),
    ...figure('request-p99', p99),
    ...figure('request-cpu', each),
  };
}

function requestTask(target: DialTarget, milliseconds: number): LoadTask {
  const authority = 'web.bench-waypoint.svc.cluster.local';
  return { kind: 'requests', target, connections: requestConnections, authority, milliseconds };
}

function figure(name: MeasureName, value: number | undefined): Figures {
  return value === undefined ? {} : { [name]: value };
}
