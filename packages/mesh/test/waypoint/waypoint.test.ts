import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, runHttp, runHttp2, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import type { TestMesh } from '../support/test-mesh.js';

const httpPort = '[{ name: http, port: 80, targetPort: 8080 }]';
const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
];
const http = [...base, servedBy('gate', 'shop', 'server', '10.2.0.1', httpPort)];
const readers = policy(
  'shop',
  'readers',
  `{ targetRefs: [{ kind: Service, group: "", name: server }],
     rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }], to: [{ operation: { methods: [GET], paths: ["/public*"] } }] }] }`,
);
const onlyWaypoint = policy(
  'shop',
  'only-waypoint',
  '{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/gate] } }] }] }',
);
const nobody = policy('shop', 'nobody', '{ selector: { matchLabels: { app: server } } }');

let mesh: L7Mesh;
afterEach(() => mesh.stop());

async function start(manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      incoming.on('end', () => response.end(`${incoming.method} ${incoming.url}`));
    }),
  );
}

const as = (workload: string) => mesh.mesh.connectAs(workload, 'server.shop', 80);

describe('a waypoint', () => {
  it('lets through what its policy allows, as itself, to a ztunnel that admits nobody else', async () => {
    await start([...http, readers, onlyWaypoint]);
    expect(await ask(await as('shop/client'), { path: '/public/a?q=1' })).toMatchObject({
      status: 200,
      body: 'GET /public/a?q=1',
    });
    const line = await mesh.logged('"GET /public/a?q=1 HTTP/1.1" 200');
    expect(line).toMatch(
      /^\[\S+Z\] "GET \/public\/a\?q=1 HTTP\/1\.1" 200 - via_upstream - "-" 0 17 \d+ \d+ "-" "-" "[0-9a-f-]{36}" "server\.shop" "10\.1\.0\.3:8080" inbound-vip\|80\|http\|server\.shop\.svc\.cluster\.local - 10\.2\.0\.1:80 10\.1\.0\.1:\d+ - -$/,
    );
  });

  it('answers 403 to what no ALLOW rule matches, and says so in log and metrics', async () => {
    await start([...http, readers]);
    const answer = await ask(await as('shop/client'), { path: '/private' });
    expect(answer).toMatchObject({ status: 403, body: 'RBAC: access denied', headers: { 'content-type': 'text/plain' } });
    expect(await mesh.logged('/private')).toContain(' 403 - rbac_access_denied_matched_policy[none] - ');
    expect(await ask(await as('shop/other'), { path: '/public' })).toMatchObject({ status: 403 });
    const metrics = await mesh.mesh.metrics.metrics();
    expect(metrics).toMatch(/sallyport_decisions_total\{gate="waypoint",effect="deny",reason="no-allow-match".*\} 2/);
    expect(metrics).toMatch(
      /istio_requests_total\{reporter="waypoint",source_workload="other".*destination_service="server.shop.svc.cluster.local".*response_code="403".*connection_security_policy="mutual_tls"\} 1/,
    );
  });

  it('names the rule and the place of an explicit denial', async () => {
    const deny = policy(
      'shop',
      'no-delete',
      '{ action: DENY, targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gate }], rules: [{ to: [{ operation: { methods: [PUT] } }] }, { to: [{ operation: { methods: [DELETE] } }] }] }',
    );
    await start([...http, deny]);
    expect(await ask(await as('shop/client'), { method: 'DELETE' })).toMatchObject({ status: 403 });
    expect(await mesh.logged('DELETE')).toMatch(
      / 403 - rbac_access_denied_matched_policy\[ns\[shop\]-policy\[no-delete\]-rule\[1\]\] .* reason="deny-policy" policy="AuthorizationPolicy\/shop\/no-delete" rule=1 place="mesh\.yaml:\d+:\d+"$/,
    );
  });

  it('turns a refusal of the ztunnel behind it into 503', async () => {
    await start([...http, nobody]);
    expect(await ask(await as('shop/client'))).toMatchObject({ status: 503 });
    expect(await mesh.logged(' 503 UF ')).toContain('401');
  });

  it('refuses a target that does not go through it', async () => {
    await start(http);
    expect(await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080).then((socket) => ask(socket))).toMatchObject({
      status: 200,
    });
    expect(mesh.log).toEqual([]);
  });

  it('carries HTTP/2 to an application that speaks it, and denies gRPC in gRPC', async () => {
    const ports = '[{ name: grpc, port: 80, targetPort: 8080 }]';
    mesh = await L7Mesh.start(
      [...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports), readers.replace('GET', 'POST')],
      (made: TestMesh) =>
        runHttp2(made, 'shop/server', 8080, (stream) => {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.pipe(stream);
        }),
    );
    const socket = await as('shop/client');
    const session = connectHttp2('http://server.shop', { createConnection: () => socket });
    const call = session.request({
      ':method': 'POST',
      ':path': '/public.Echo/Say',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const trailers = once(call, 'trailers');
    call.end('hello');
    expect(await readAll(call)).toBe('hello');
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' });
    const refused = session.request(
      { ':method': 'POST', ':path': '/private.Echo/Say', 'content-type': 'application/grpc' },
      { endStream: true },
    );
    refused.resume();
    const [head] = await once(refused, 'response');
    expect(head).toMatchObject({ ':status': 200, 'grpc-status': '7', 'grpc-message': 'RBAC: access denied' });
    session.destroy();
  });

  it('ends its connection to the application in order once the client has, so that no gate behind it logs an error', async () => {
    await start([...http, onlyWaypoint]);
    const client = await as('shop/client');
    await ask(client);
    client.end();
    expect(await mesh.mesh.logged('connection complete', 'direction="inbound"', '/sa/gate"')).not.toContain('error=');
  });

  it('ends it in order where both speak HTTP/2, too', async () => {
    const ports = '[{ name: http2, port: 80, targetPort: 8080 }]';
    mesh = await L7Mesh.start([...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports), onlyWaypoint], (made) =>
      runHttp2(made, 'shop/server', 8080, (stream) => {
        stream.respond({ ':status': 200 });
        stream.end('ok');
      }),
    );
    const tunnel = await as('shop/client');
    const session = connectHttp2('http://server.shop', { createConnection: () => tunnel });
    const request = session.request({ ':path': '/' });
    expect(await readAll(request)).toBe('ok');
    session.close();
    expect(await mesh.mesh.logged('connection complete', 'direction="inbound"', '/sa/gate"')).not.toContain('error=');
  });

  it('ends in order what a client of HTTP/2 closes without GOAWAY, as curl does', async () => {
    await start([...http, onlyWaypoint]);
    const tunnel = await as('shop/client');
    const session = connectHttp2('http://server.shop', { createConnection: () => tunnel });
    expect(await readAll(session.request({ ':path': '/public' }))).not.toBe('');
    tunnel.end();
    for (const side of ['outbound', 'inbound']) {
      expect(await mesh.mesh.logged('connection complete', `direction="${side}"`, '/sa/gate"')).not.toContain('error=');
    }
  });

  it('judges a TCP port by connection, and carries what it allows', async () => {
    const ports = '[{ name: tcp, port: 80, targetPort: 8080 }]';
    const onlyClient = policy(
      'shop',
      'only-client',
      '{ targetRefs: [{ kind: Service, group: "", name: server }], rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }',
    );
    mesh = await L7Mesh.start(
      [...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports), onlyClient, onlyWaypoint],
      (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)),
    );
    const allowed = await as('shop/client');
    allowed.end('ping');
    expect(await readAll(allowed)).toBe('ping');
    const refused = await as('shop/other');
    refused.end('ping');
    await expect(readAll(refused)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await mesh.logged('src.workload="other"')).toContain('reason="no-allow-match"');
    expect(await mesh.logged('src.workload="client"')).toContain('dst.service="server.shop.svc.cluster.local"');
  });
});

describe('a change of policy at a waypoint', () => {
  const closing = [...http, policy('shop', 'closed', '{ targetRefs: [{ kind: Service, group: "", name: server }] }')];

  it('ends a response that it no longer allows and leaves alone what it does', async () => {
    let finish: () => void = () => undefined;
    mesh = await L7Mesh.start(http, (made) =>
      runHttp(made, 'shop/server', 8080, (_incoming, response) => {
        response.write('begun');
        finish = () => response.end(' and ended');
      }),
    );
    const socket = await as('shop/client');
    socket.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(await readUntil(socket, 'begun')).toContain('200 OK');
    await mesh.change([...http, readers.replace('/public*', '*')]);
    finish();
    await readUntil(socket, ' and ended\r\n0\r\n\r\n');
    socket.write('GET /again HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(await readUntil(socket, 'begun')).toContain('200 OK');
    const gone = closed(socket.resume());
    await mesh.change(closing);
    await gone;
    expect(await mesh.logged('"GET /again')).toContain(' rbac_access_denied_matched_policy[none] policy_change ');
  });

  it('answers the next request on an open connection by the new policy', async () => {
    await start(http);
    const socket = await as('shop/client');
    socket.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(await readUntil(socket, 'GET /')).toContain('200 OK');
    await mesh.change(closing);
    socket.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(await readUntil(socket, 'RBAC: access denied')).toContain('403 Forbidden');
  });
});
