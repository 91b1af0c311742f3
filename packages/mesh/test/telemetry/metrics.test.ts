import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { Workload } from '@sallyport/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionInfo } from '../../src/telemetry/access-log.js';
import type { AdminQuestion } from '../../src/telemetry/admin-request.js';
import { startAdminServer } from '../../src/telemetry/admin-server.js';
import { BoundedCounter } from '../../src/telemetry/bounded-counter.js';
import { ConnectionCounters } from '../../src/telemetry/connection-counters.js';
import { MeshMetrics } from '../../src/telemetry/mesh-metrics.js';
import { createMetricsRegistry } from '../../src/telemetry/metrics-registry.js';

describe('a bounded counter', () => {
  it('counts what is beyond its bound as unknown, and loses nothing', async () => {
    const registry = createMetricsRegistry();
    const counter = new BoundedCounter({ registry, name: 'things_total', help: 'things', labels: ['kind'], mostSeries: 2 });
    for (const kind of ['a', 'b', 'c', 'd', 'a']) counter.add({ kind });
    const text = await registry.metrics();
    expect(text).toContain('things_total{kind="a"} 2');
    expect(text).toContain('things_total{kind="b"} 1');
    expect(text).toContain('things_total{kind="unknown"} 2');
    expect(text).not.toContain('kind="c"');
  });
});

describe('the metrics of a process', () => {
  it('are made once, however many gates share a registry', () => {
    const registry = createMetricsRegistry();
    expect(MeshMetrics.of(registry)).toBe(MeshMetrics.of(registry));
  });

  it('count AUDIT and dry-run outcomes apart from what is enforced', async () => {
    const registry = createMetricsRegistry();
    const position = { line: 1, column: 1, offset: 0 };
    const policy = {
      kind: 'AuthorizationPolicy',
      namespace: 'n',
      name: 'p',
      span: { file: 'f', start: position, end: position },
    } as const;
    MeshMetrics.of(registry).decided('ztunnel', {
      effect: 'allow',
      reason: 'no-policy',
      audit: [policy],
      dryRun: { effect: 'deny', policy },
    });
    const text = await registry.metrics();
    const labels = (effect: string, name: string) =>
      `effect="${effect}",reason="no-policy",kind="${name === '-' ? '-' : 'AuthorizationPolicy'}",policy="${name}"`;
    expect(text).toContain(labels('allow', '-'));
    expect(text).toContain(labels('audit', 'n/p'));
    expect(text).toContain(labels('dry_run_deny', 'n/p'));
  });
});

describe('the counters of connections', () => {
  const workload = (key: string, version: string) =>
    ({ key, name: key, namespace: 'n', ownerName: key, labels: { app: key, version } }) as unknown as Workload;
  const connection = (client: Workload, server: Workload): ConnectionInfo => ({
    direction: 'outbound',
    source: { address: '10.0.0.1:1', workload: client },
    destination: { address: '10.0.0.2:2', workload: server },
  });
  const [client, server] = [workload('client', 'v1'), workload('server', 'v1')];

  it("name app and version as Istio's canonical service does, whatever labels those come from", async () => {
    const registry = createMetricsRegistry();
    const server = {
      ...workload('server', 'v1'),
      labels: { app: 'other', 'app.kubernetes.io/name': 'shop', 'service.istio.io/canonical-revision': 'v7' },
    };
    new ConnectionCounters(registry).opened(connection({ ...workload('client', 'v1'), labels: {} }, server));
    const text = await registry.metrics();
    for (const labels of [
      'source_canonical_service="client",source_canonical_revision="latest"',
      'source_app="client",source_version="latest"',
      'destination_canonical_service="shop",destination_canonical_revision="v7"',
      'destination_app="shop",destination_version="v7"',
    ]) {
      expect(text).toContain(labels);
    }
  });

  it('follow a workload whose labels change', async () => {
    const registry = createMetricsRegistry();
    const counters = new ConnectionCounters(registry);
    counters.opened(connection(client, server));
    counters.opened(connection(client, server));
    counters.opened(connection(workload('client', 'v2'), server));
    counters.opened(connection(client, workload('server', 'v3')));
    const text = await registry.metrics();
    const counted = (source: string, destination: string) =>
      text
        .split('\n')
        .find((line) => line.includes(`source_version="${source}"`) && line.includes(`destination_version="${destination}"`));
    expect(counted('v1', 'v1')).toMatch(/^istio_tcp_connections_opened_total\{.* 2$/);
    expect(counted('v2', 'v1')).toMatch(/ 1$/);
    expect(counted('v1', 'v3')).toMatch(/ 1$/);
  });

  it('show what has ended, by how, and nothing that was never counted', async () => {
    const registry = createMetricsRegistry();
    const counters = new ConnectionCounters(registry);
    counters.opened(connection(client, server));
    expect(await registry.metrics()).not.toContain('connections_closed_total{');
    counters.closed(connection(client, server), 'DENY', { fromClient: 5, fromServer: 0 });
    const text = await registry.metrics();
    expect(text).toMatch(/istio_tcp_connections_failed_total\{.*response_flags="DENY".* 1\n/);
    expect(text).toMatch(/istio_tcp_received_bytes_total\{.*response_flags="DENY".* 5\n/);
    expect(text).toMatch(/istio_tcp_sent_bytes_total\{.*response_flags="DENY".* 0\n/);
    expect(text).not.toMatch(/istio_tcp_connections_(closed|failed)_total\{.*response_flags="-"/);
  });
});

describe('the admin server', () => {
  it('serves metrics and readiness, and nothing else', async () => {
    const metrics = createMetricsRegistry();
    MeshMetrics.of(metrics);
    let ready = false;
    const server = await startAdminServer({ address: '127.0.0.1', port: 0, metrics, ready: () => ready });
    const url = `http://127.0.0.1:${server.port}`;
    const get = (path: string, method = 'GET') => fetch(`${url}${path}`, { method });
    try {
      expect((await get('/healthz/ready')).status).toBe(503);
      ready = true;
      expect((await get('/healthz/ready')).status).toBe(200);
      const response = await get('/metrics');
      expect(response.headers.get('content-type')).toContain('application/openmetrics-text');
      expect(await response.text()).toMatch(/# TYPE istio_tcp_connections_opened counter[\s\S]*# EOF\n$/);
      expect((await get('/')).status).toBe(404);
      expect((await get('/metrics', 'POST')).status).toBe(405);
    } finally {
      await server.close();
    }
  });

  it('is not ready when readiness cannot be told', async () => {
    const ready = (): boolean => {
      throw new Error('broken');
    };
    const server = await startAdminServer({ address: '127.0.0.1', port: 0, metrics: createMetricsRegistry(), ready });
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/healthz/ready`)).status).toBe(500);
    } finally {
      await server.close();
    }
  });

  describe('asked about its process', () => {
    let server: Awaited<ReturnType<typeof startAdminServer>>;
    const asked: AdminQuestion[] = [];
    beforeEach(async () => {
      asked.length = 0;
      const ask = async (question: AdminQuestion) => [asked.push(question)];
      server = await startAdminServer({
        address: '127.0.0.1',
        port: 0,
        metrics: createMetricsRegistry(),
        ready: () => true,
        ask,
      });
    });
    afterEach(() => server.close());

    async function status(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<number> {
      const call = request({ host: '127.0.0.1', port: server.port, path, ...options }).end();
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode ?? 0;
    }

    it('answers what it knows, and changes its log level alone', async () => {
      for (const path of ['/connections', '/policies', '/certificates', '/memory', '/logging'])
        expect(await status(path)).toBe(200);
      expect(await status('/logging?level=debug', { method: 'POST' })).toBe(200);
      expect(asked.at(-1)).toEqual({ about: 'logging', level: 'debug' });
      expect(await status('/logging?level=debug')).toBe(200);
      expect(asked.at(-1)).toEqual({ about: 'logging' });
      const before = asked.length;
      expect(await status('/logging?level=loud', { method: 'POST' })).toBe(400);
      expect(await status('/logging', { method: 'POST' })).toBe(400);
      expect(await status('/connections', { method: 'POST' })).toBe(405);
      expect(await status('/logging?level=debug', { method: 'PUT' })).toBe(405);
      expect(await status('/keys')).toBe(404);
      expect(await status('//')).toBe(400);
      expect(asked).toHaveLength(before);
    });

    it('has nothing to say to a page in a browser, or under a name that could have been rebound', async () => {
      const refused = [
        { headers: { origin: 'http://evil.example' } },
        { headers: { origin: 'null' } },
        { headers: { host: 'evil.example' } },
        { headers: { host: `evil.example:${server.port}` } },
        { headers: { host: '127.0.0.1.evil.example' } },
      ];
      for (const each of refused) {
        expect(await status('/logging?level=debug', { method: 'POST', ...each })).toBe(403);
        expect(await status('/metrics', each)).toBe(403);
      }
      expect(asked).toEqual([]);
      for (const host of ['localhost', `localhost:${server.port}`, `127.0.0.1:${server.port}`, `[::1]:${server.port}`]) {
        expect(await status('/connections', { headers: { host } })).toBe(200);
      }
    });
  });

  it('closes although a client keeps its connection open', async () => {
    const server = await startAdminServer({ address: '127.0.0.1', port: 0, metrics: createMetricsRegistry(), ready: () => true });
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket.resume(), 'close');
    await server.close();
    await ended;
  });
});
