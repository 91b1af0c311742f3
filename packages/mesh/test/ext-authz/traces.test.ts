import type { Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tracer } from '../../src/telemetry/tracing/tracer.js';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { readSome } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { allowed, runGrpcAuthorizer } from './authorizers.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const asks = (name: string, provider: string, rest: string) =>
  policy('shop', name, `{ action: CUSTOM, provider: { name: ${provider} }, rules: [{}], ${rest} }`);
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]'),
  ambientNamespace('authz'),
  pod('authz', 'grpc', { address: '10.1.0.8', ports: [9000] }),
  pod('authz', 'http', { address: '10.1.0.9', ports: [9000] }),
  service('authz', 'grpc', '10.2.0.8', 9000, 9000).replace('name: tcp', 'name: grpc'),
  service('authz', 'http', '10.2.0.9', 9000, 9000).replace('name: tcp', 'name: http'),
  `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data:
  mesh: |
    extensionProviders:
    - name: grpc
      envoyExtAuthzGrpc: { service: grpc.authz.svc.cluster.local, port: 9000 }
    - name: http
      envoyExtAuthzHttp: { service: http.authz.svc.cluster.local, port: 9000, includeRequestHeadersInCheck: [traceparent] }
`,
];
const atService = 'targetRefs: [{ kind: Service, group: "", name: server }]';

/** The contexts that authorizers were told of. */
let told: { traceparent: unknown; tracestate?: unknown }[];
let mesh: L7Mesh;
beforeEach(() => {
  told = [];
});
afterEach(() => mesh.stop());

/** Begins with its tracer, where it has one. */
async function start(rest: readonly string[], tracer?: Tracer): Promise<void> {
  mesh = await L7Mesh.start([...manifests, ...rest], async (made) => {
    made.tracer = tracer;
    const address = made.addresses.fresh();
    await runHttp(made, 'shop/server', 8080, (incoming, response) => response.end(String(incoming.headers.traceparent)));
    await made.run(
      'shop/server',
      9000,
      (socket) => socket.pipe(socket),
      made.addresses.applicationAddress('shop/server') ?? address,
    );
    const seen = (metadata: Metadata) => {
      told.push({ traceparent: metadata.get('traceparent'), tracestate: metadata.get('tracestate') });
      return allowed();
    };
    await runGrpcAuthorizer(made, 'authz/grpc', 9000, (_, metadata) => seen(metadata));
    await runHttp(made, 'authz/http', 9000, ({ headers: { traceparent, tracestate } }, response) => {
      told.push({ traceparent, tracestate });
      response.end();
    });
  });
}

const traced = () => new Tracer({ ratio: 1, export: () => undefined });
const request = async () =>
  ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80), { headers: { traceparent: parent, tracestate: 'vendor=1' } });

it('an authorizer over gRPC or HTTP is told of the span that the application is told of, and of no other', async () => {
  for (const provider of ['grpc', 'http']) {
    told = [];
    await start([asks('ask', provider, atService)], traced());
    const { status, body } = await request();
    expect(status).toBe(200);
    expect(body).toMatch(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    expect(told).toEqual([
      provider === 'grpc' ? { traceparent: [body], tracestate: ['vendor=1'] } : { traceparent: body, tracestate: 'vendor=1' },
    ]);
    if (provider === 'grpc') await mesh.stop();
  }
});

it('without a collector an authorizer over HTTP gets the context of the client where the provider lists it, and one over gRPC none', async () => {
  await start([asks('ask', 'http', atService)]);
  expect((await request()).body).toBe(parent);
  expect(told).toEqual([{ traceparent: parent, tracestate: undefined }]);
  await mesh.change([...manifests, asks('ask', 'grpc', atService)]);
  expect((await request()).status).toBe(200);
  expect(told[1]).toEqual({ traceparent: [], tracestate: [] });
});

it('an authorizer of connections is told of theirs, at a waypoint and at the ztunnel behind', async () => {
  await start(
    [asks('at-gate', 'grpc', atService), asks('at-pod', 'grpc', 'selector: { matchLabels: { app: server } }')],
    traced(),
  );
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 9000);
  socket.write('x');
  expect(await readSome(socket)).toBe('x');
  const [gate, pods] = told.map(({ traceparent }) => /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(traceparent)));
  expect(told).toHaveLength(2);
  expect(gate?.[1]).toBe(pods?.[1]);
  expect(gate?.[2]).not.toBe(pods?.[2]);
});
