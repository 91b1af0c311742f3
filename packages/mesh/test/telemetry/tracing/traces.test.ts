import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../../../src/telemetry/metrics-registry.js';
import { startTraces, type Traces } from '../../../src/telemetry/tracing/start-traces.js';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../../l7/l7-mesh.js';
import { closed, readSome } from '../../support/await-event.js';
import { Collector, type ReceivedSpan } from '../../support/collector.js';
import { ambientNamespace, pod, policy } from '../../support/manifests.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;
const ports = '[{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]';
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', ports),
  policy(
    'shop',
    'no-writing',
    '{ targetRefs: [{ kind: Service, group: "", name: server }], action: DENY, rules: [{ to: [{ operation: { methods: [POST], ports: ["80"] } }] }] }',
  ),
];

let collector: Collector;
let traces: Traces;
let mesh: L7Mesh;
const sockets: Socket[] = [];
beforeEach(async () => {
  collector = await Collector.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
  await traces.close(0);
  await collector.close();
});

async function start(options: { ratio?: number; url?: string } = {}): Promise<void> {
  mesh = await L7Mesh.start(manifests, async (made) => {
    traces = startTraces({
      url: options.url ?? collector.url,
      headers: { authorization: 'Bearer collector' },
      service: 'gates',
      ratio: options.ratio ?? 1,
      metrics: made.metrics,
      log: (line) => mesh?.write(line),
    });
    made.tracer = traces.tracer;
    await runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify(incoming.headers));
    });
    await made.run('shop/server', 9000, (socket) => socket.pipe(socket), made.addresses.applicationAddress('shop/server'));
  });
}

async function connect(port = 80): Promise<Socket> {
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', port);
  sockets.push(socket);
  return socket;
}

const at = (gate: string, trace?: string) => (span: ReceivedSpan) =>
  span.attributes['sallyport.gate'] === gate && (trace === undefined || span.traceId === trace);

describe('the trace of a request', () => {
  it('goes on from the client through the waypoint to the application and the ztunnel behind', async () => {
    await start();
    const socket = await connect();
    const answer = await ask(socket, {
      path: '/orders/7?token=secret',
      headers: { traceparent, tracestate: 'vendor=1,other=2' },
    });
    const received = JSON.parse(answer.body) as Record<string, string>;
    socket.destroy();

    const request = await collector.span(at('waypoint shop/gate'));
    expect(request).toMatchObject({
      traceId,
      parentSpanId: spanId,
      traceState: 'vendor=1,other=2',
      name: 'GET',
      kind: 2,
      flags: 1,
    });
    expect(received.traceparent).toBe(`00-${traceId}-${request.spanId}-01`);
    expect(received.tracestate).toBe('vendor=1,other=2');
    expect(request.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': '200',
      'url.path': '/orders/7',
      'server.address': 'server.shop',
      'sallyport.effect': 'allow',
      'sallyport.reason': 'no-allow-policy',
      'sallyport.source.identity': 'spiffe://cluster.local/ns/shop/sa/client',
      'sallyport.source.workload': 'shop/client',
      'sallyport.destination.workload': 'shop/server',
      'sallyport.destination.service': 'server.shop.svc.cluster.local',
    });
    expect(request.resource).toMatchObject({ 'service.name': 'gates', 'service.namespace': 'sallyport' });
    expect(BigInt(request.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(request.startTimeUnixNano));
    expect(Math.abs(Number(BigInt(request.startTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(600_000);

    const behind = await collector.span(at('ztunnel-destination', traceId));
    expect(behind).toMatchObject({ parentSpanId: request.spanId, name: 'connection', kind: 2 });
    expect(behind.attributes['sallyport.source.identity']).toBe('spiffe://cluster.local/ns/shop/sa/gate');
    // The tunnel to the waypoint is the client's connection, in which many requests may come: a trace of its own.
    const source = await collector.span(at('ztunnel-source'));
    expect(source.traceId).not.toBe(traceId);
    expect(source.parentSpanId).toBeUndefined();
    expect(JSON.stringify(collector.spans)).not.toContain('secret');
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/json', authorization: 'Bearer collector' },
    });
  });

  it('says which policy denied it, with rule and place', async () => {
    await start();
    const answer = await ask(await connect(), { method: 'POST', headers: { traceparent } });
    expect(answer.status).toBe(403);
    const span = await collector.span(at('waypoint shop/gate', traceId));
    expect(span.attributes).toMatchObject({
      'http.response.status_code': '403',
      'sallyport.effect': 'deny',
      'sallyport.reason': 'deny-policy',
      'sallyport.policy': 'AuthorizationPolicy/shop/no-writing',
      'sallyport.rule': '0',
      'sallyport.place': expect.stringMatching(/^mesh\.yaml:\d+:\d+$/),
    });
    // What the client may not do is no error of the gate.
    expect(span.status).toEqual({});
  });

  it('begins anew where the client names none that can be read, and its tracestate goes with it', async () => {
    await start();
    const answer = await ask(await connect(), {
      headers: { traceparent: `00-${'0'.repeat(32)}-${spanId}-01`, tracestate: 'vendor=1' },
    });
    const received = JSON.parse(answer.body) as Record<string, string>;
    const span = await collector.span(at('waypoint shop/gate'));
    expect(span.parentSpanId).toBeUndefined();
    expect(received.traceparent).toBe(`00-${span.traceId}-${span.spanId}-01`);
    expect(received).not.toHaveProperty('tracestate');
  });

  it('is not exported where the client did not sample it, but goes on', async () => {
    await start();
    const answer = await ask(await connect(), { headers: { traceparent: `00-${traceId}-${spanId}-00` } });
    expect((JSON.parse(answer.body) as Record<string, string>).traceparent).toMatch(
      new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`),
    );
    await ask(await connect(), { headers: { traceparent: `00-${'a'.repeat(32)}-${spanId}-01` } });
    await collector.span(at('waypoint shop/gate', 'a'.repeat(32)));
    expect(collector.spans.filter(at('waypoint shop/gate', traceId))).toEqual([]);
  });
});

describe('the trace of a connection without HTTP', () => {
  it('goes through all three gates', async () => {
    await start();
    const socket = await connect(9000);
    socket.write('hello');
    expect(await readSome(socket)).toBe('hello');
    socket.end();
    await closed(socket);
    const destination = await collector.span(at('ztunnel-destination'));
    const middle = await collector.span(at('waypoint shop/gate', destination.traceId));
    const source = await collector.span(at('ztunnel-source', destination.traceId));
    expect(destination.parentSpanId).toBe(middle.spanId);
    expect(middle.parentSpanId).toBe(source.spanId);
    expect(source).toMatchObject({ kind: 3, attributes: { 'sallyport.bytes_sent': '5', 'sallyport.bytes_received': '5' } });
  });
});

describe('a collector', () => {
  it('that answers nothing holds up no request, and what it does not take is dropped and counted', async () => {
    collector.answer = () => undefined;
    await start();
    const lines = (text: string) => /^sallyport_spans_total\{outcome="dropped"\} (\d+)/m.exec(text)?.[1];
    const span = { name: 'x', kind: 'server', start: 0, end: 1, attributes: {} } as const;
    for (let count = 0; count < 5000; count += 1) traces.tracer.end({ ...span, context: traces.tracer.begin(undefined) });
    expect((await ask(await connect())).status).toBe(200);
    await collector.received(1);
    expect((await ask(await connect())).status).toBe(200);
    expect(Number(lines(await mesh.mesh.metrics.metrics()))).toBeGreaterThanOrEqual(5000 - 2048 - 512);
  });

  it('that is not there is told of once, and holds up no request', async () => {
    const { url } = collector;
    await collector.close();
    await start({ url });
    expect((await ask(await connect())).status).toBe(200);
    await mesh.logged('traces cannot be exported: connect ECONNREFUSED');
    expect((await ask(await connect())).status).toBe(200);
    expect(mesh.log.filter((line) => line.includes('cannot be exported'))).toHaveLength(1);
  });

  it('that is busy gets the same spans again, and one that refuses them does not', async () => {
    const answers = [503, 400, 200];
    collector.answer = (response) => response.writeHead(answers.shift() ?? 200).end();
    await start();
    await ask(await connect(), { headers: { traceparent } });
    await collector.received(2);
    const again = collector.spans.filter(at('waypoint shop/gate', traceId));
    expect(again).toHaveLength(2);
    expect(again[0]?.spanId).toBe(again[1]?.spanId);
    await ask(await connect(), { headers: { traceparent: `00-${'a'.repeat(32)}-${spanId}-01` } });
    await collector.received(3);
    expect(collector.spans.filter(at('waypoint shop/gate', traceId))).toHaveLength(2);
    await mesh.logged('traces are exported again');
  });

  it('that sends elsewhere is not followed', async () => {
    collector.answer = (response) => response.writeHead(307, { location: `${collector.url}/elsewhere` }).end();
    await start();
    await ask(await connect());
    await mesh.logged('traces cannot be exported: the collector answered 307');
    expect(collector.requests.map(({ path }) => path)).toEqual(collector.requests.map(() => '/v1/traces'));
  });

  it('gets what is left when the gate ends, within the time that there is', async () => {
    await start();
    await ask(await connect(), { headers: { traceparent } });
    await traces.close(5000);
    expect(collector.spans.filter(at('waypoint shop/gate', traceId))).toHaveLength(1);
  });
});

describe('without a collector', () => {
  it('the context of a client passes as it is', async () => {
    mesh = await L7Mesh.start(manifests, (made) =>
      runHttp(made, 'shop/server', 8080, (incoming, response) => response.end(JSON.stringify(incoming.headers))),
    );
    traces = startTraces({
      url: collector.url,
      service: 'none',
      ratio: 1,
      metrics: createMetricsRegistry(),
      log: () => undefined,
    });
    const { body } = await ask(await connect(), { headers: { traceparent, tracestate: 'vendor=1' } });
    expect(JSON.parse(body)).toMatchObject({ traceparent, tracestate: 'vendor=1' });
    expect(collector.requests).toEqual([]);
  });
});
