import type { Figure, Report } from '../report.js';
import { summarize } from '../statistics.js';
import { BenchMesh, behindWaypoint, direct } from './bench-mesh.js';
import { measureConnections } from './connections.js';
import type { Dial } from './dial.js';
import { measureLatency } from './latency.js';
import { installedReverseProxy, startRelay } from './plain-proxies.js';
import { measureRequests } from './requests.js';
import { measureThroughput } from './throughput.js';

/** Takes each figure as soon as it is there. */
export interface Findings {
  figure(figure: Figure): void;
  skip(skipped: Report['skipped'][number]): void;
}

const milliseconds = 4000;
const transferBytes = 192 * 1024 * 1024;
const transfers = 5;

/** Measures a pair of ztunnels beside a bare relay, and a waypoint beside the relay and a reverse proxy, to the same applications. */
export async function measureGates(findings: Findings): Promise<void> {
  const mesh = await BenchMesh.start();
  try {
    await measureZtunnels(mesh, findings);
    await measureWaypoint(mesh, findings);
  } finally {
    await mesh.stop();
  }
}

async function measureZtunnels(mesh: BenchMesh, findings: Findings): Promise<void> {
  const relay = await startRelay(mesh.application('bench/echo'));
  try {
    await measureConnection('relay', 'bare relay', relay.dial, findings);
    await measureConnection('ztunnels', 'pair of ztunnels', mesh.dial(direct), findings);
  } finally {
    await relay.stop();
  }
}

async function measureConnection(name: string, title: string, dial: Dial, findings: Findings): Promise<void> {
  const add = (what: string, unit: Figure['unit'], samples: readonly number[]): void => {
    const beside = name === 'relay' ? {} : { beside: `relay/${what}` };
    findings.figure({ name: `${name}/${what}`, title: `${title}, ${what}`, unit, summary: summarize(samples), ...beside });
  };
  add('latency', 'µs', await measureLatency(dial, milliseconds));
  const rates: number[] = [];
  for (let transfer = 0; transfer < transfers; transfer += 1) rates.push(await measureThroughput(dial, transferBytes));
  add('throughput', 'bytes/s', rates);
  add('connections', 'connections/s', await measureConnections(dial, milliseconds));
}

async function measureWaypoint(mesh: BenchMesh, findings: Findings): Promise<void> {
  const application = mesh.application('bench-waypoint/web');
  const relay = await startRelay(application);
  try {
    await requests('relay', 'bare relay', relay.dial, findings);
  } finally {
    await relay.stop();
  }
  const reference = await measureReverseProxy(application, findings);
  await requests('waypoint', 'waypoint between ztunnels', mesh.dial(behindWaypoint), findings, reference);
}

/** Returns the name of the figure that the waypoint's is to be read beside. */
async function measureReverseProxy(application: { host: string; port: number }, findings: Findings): Promise<string> {
  const installed = installedReverseProxy();
  if (installed === undefined) {
    findings.skip({ name: 'reverse-proxy/requests', reason: 'neither nginx nor HAProxy is installed' });
    return 'relay/requests';
  }
  const proxy = await installed.start(application);
  try {
    await requests('reverse-proxy', `${installed.name} as a plain reverse proxy`, proxy.dial, findings, 'relay/requests');
  } finally {
    await proxy.stop();
  }
  return 'reverse-proxy/requests';
}

async function requests(name: string, title: string, dial: Dial, findings: Findings, beside?: string): Promise<void> {
  const samples = await measureRequests(dial, behindWaypoint.host, milliseconds);
  const reference = beside === undefined ? {} : { beside };
  findings.figure({
    name: `${name}/requests`,
    title: `${title}, requests`,
    unit: 'requests/s',
    summary: summarize(samples),
    ...reference,
  });
}
