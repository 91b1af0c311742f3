import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
];
const dryRun = (text: string) => text.replace('namespace: shop,', 'namespace: shop, annotations: { istio.io/dry-run: "true" },');

let mesh: L7Mesh;
afterEach(() => mesh.stop());

describe('policies that only observe, at a waypoint', () => {
  it('are logged and counted by rule and by what they would do, and change nothing', async () => {
    const target = 'targetRefs: [{ kind: Service, group: "", name: server }]';
    const seen = policy('shop', 'seen', `{ action: AUDIT, ${target}, rules: [{ to: [{ operation: { methods: [PUT] } }] }, {}] }`);
    const tried = dryRun(
      policy('shop', 'tried', `{ action: DENY, ${target}, rules: [{ to: [{ operation: { paths: [/no] } }] }] }`),
    );
    const ports = '[{ name: http, port: 80, targetPort: 8080 }]';
    mesh = await L7Mesh.start([...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports), seen, tried], (made) =>
      runHttp(made, 'shop/server', 8080, (_, response) => response.end('here')),
    );
    const answer = await ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80), { path: '/no' });
    expect(answer).toMatchObject({ status: 200, body: 'here' });
    expect(await mesh.logged('"GET /no')).toMatch(/ 200 .* audit="shop\/seen rule 1" dry_run="deny shop\/tried rule 0"$/);
    const metrics = await mesh.mesh.metrics.metrics();
    expect(metrics).toMatch(/sallyport_decisions_total\{gate="waypoint",effect="audit",.*policy="shop\/seen",rule="1"\} 1/);
    expect(metrics).toMatch(
      /sallyport_decisions_total\{gate="waypoint",effect="dry_run_deny",.*policy="shop\/tried",rule="0"\} 1/,
    );
  });
});

describe('policies that only observe, at a ztunnel', () => {
  it('are judged by their L4 part, and say so where there is more to them', async () => {
    const seen = policy('shop', 'seen', '{ action: AUDIT, rules: [{ to: [{ operation: { ports: ["8080"] } }] }] }');
    const tried = dryRun(
      policy('shop', 'tried', '{ action: DENY, rules: [{ to: [{ operation: { ports: ["8080"], methods: [GET] } }] }] }'),
    );
    mesh = await L7Mesh.start([...base, seen, tried], (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    expect(await readUntil(open, 'ping')).toBe('ping');
    open.end();
    const line = await mesh.mesh.logged('direction="inbound"');
    expect(line).toMatch(/ audit="shop\/seen rule 0" dry_run="deny shop\/tried rule 0 \(partial\)"$/);
    const metrics = await mesh.mesh.metrics.metrics();
    expect(metrics).toMatch(/sallyport_decisions_total\{gate="ztunnel",effect="audit",.*policy="shop\/seen",rule="0"\} 1/);
    expect(metrics).toMatch(
      /sallyport_decisions_total\{gate="ztunnel",effect="dry_run_deny",.*policy="shop\/tried",rule="0"\} 1/,
    );
  });
});
