import { afterEach, describe, expect, it } from 'vitest';
import { DecisionLog } from '../../src/telemetry/decision-log.js';
import { ask, L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
];
const target = 'targetRefs: [{ kind: Service, group: "", name: server }]';
const noSecrets = policy(
  'shop',
  'no-secrets',
  `{ action: DENY, ${target}, rules: [{ to: [{ operation: { paths: [/secret] } }] }] }`,
);
const seen = policy('shop', 'seen', `{ action: AUDIT, ${target}, rules: [{ to: [{ operation: { methods: [PUT] } }] }] }`);
const tried = policy(
  'shop',
  'tried',
  `{ action: DENY, ${target}, rules: [{ to: [{ operation: { methods: [POST] } }] }] }`,
).replace('namespace: shop,', 'namespace: shop, annotations: { istio.io/dry-run: "true" },');
const identity = 'spiffe://cluster.local/ns/shop/sa/client';

let mesh: L7Mesh;
afterEach(() => mesh.stop());

function up(all: boolean, ...more: readonly string[]): Promise<L7Mesh> {
  return L7Mesh.start([...base, ...more], async (made) => {
    made.decisions.all = all;
    await runHttp(made, 'shop/server', 8080, (_, response) => response.end('here'));
  });
}

async function send(method: string, path: string, headers: Record<string, string> = {}) {
  return (await ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80), { method, path, headers })).status;
}

describe('the decision log of a waypoint', () => {
  it('says who was denied what, by which rule and where that stands, and holds no token', async () => {
    mesh = await up(false, noSecrets);
    const headers = { authorization: 'Bearer s3cr3t-token', cookie: 's3cr3t-cookie', host: 'user:s3cr3t-word@server.shop' };
    expect(await send('GET', '/secret?access_token=s3cr3t-query', { ...headers, host: 'server.shop' })).toBe(403);
    expect(mesh.mesh.decisions.of('waypoint')).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        gate: 'waypoint shop/gate',
        effect: 'deny',
        reason: 'deny-policy',
        policy: {
          kind: 'AuthorizationPolicy',
          namespace: 'shop',
          name: 'no-secrets',
          rule: 0,
          place: expect.stringMatching(/^mesh\.yaml:\d+:\d+$/),
        },
        source: { address: expect.stringMatching(/^10\.1\.0\.1:\d+$/), workload: 'shop/client', identity },
        destination: { address: '10.2.0.1:80', service: 'server.shop.svc.cluster.local' },
        request: { method: 'GET', authority: 'server.shop', path: '/secret' },
        dialect: 'strict',
        snapshot: 2,
      },
    ]);
    await send('GET', '/secret#s3cr3t', headers);
    expect(mesh.mesh.decisions.lines.join()).not.toContain('s3cr3t');
  });

  it('has a line for what AUDIT matched and for what a dry run would have denied, and none for a plain allow', async () => {
    mesh = await up(false, seen, tried);
    for (const method of ['GET', 'PUT', 'POST']) expect(await send(method, '/')).toBe(200);
    const lines = mesh.mesh.decisions.of('');
    expect(lines).toEqual([
      expect.objectContaining({
        effect: 'allow',
        audit: [expect.objectContaining({ name: 'seen', rule: 0 })],
        dry_run: { effect: 'allow' },
      }),
      expect.objectContaining({
        effect: 'allow',
        dry_run: { effect: 'deny', policy: expect.objectContaining({ name: 'tried', rule: 0 }) },
      }),
    ]);
  });

  it('has a line of both gates for every decision where that is asked for', async () => {
    mesh = await up(true);
    expect(await send('GET', '/')).toBe(200);
    expect(mesh.mesh.decisions.of('').map(({ gate, effect }) => [gate, effect])).toEqual([
      ['waypoint shop/gate', 'allow'],
      ['ztunnel-destination', 'allow'],
    ]);
  });
});

describe('the decision log of a ztunnel', () => {
  const deny = policy('shop', 'nobody', '{ action: DENY, rules: [{ to: [{ operation: { ports: ["8080"] } }] }] }');

  it('names connection, rule and snapshot of what a change of policy ended', async () => {
    mesh = await L7Mesh.start(base, (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    expect(await readUntil(open, 'ping')).toBe('ping');
    expect(mesh.mesh.decisions.lines).toEqual([]);
    const closed = new Promise((resolve) => open.once('close', resolve));
    await mesh.change([...base, deny]);
    await closed;
    expect(mesh.mesh.decisions.of('ztunnel-destination')).toEqual([
      expect.objectContaining({
        effect: 'deny',
        policy: expect.objectContaining({ name: 'nobody', rule: 0 }),
        source: expect.objectContaining({ workload: 'shop/client', identity }),
        destination: expect.objectContaining({ workload: 'shop/server', hbone_address: '10.1.0.3:8080' }),
        snapshot: 3,
      }),
    ]);
  });
});

it('a flood of denials costs a bounded number of lines, the rest are counted, and plain allows do not crowd them out', async () => {
  mesh = await up(false);
  const lines: Record<string, unknown>[] = [];
  let told = (): void => undefined;
  const counted = new Promise<void>((resolve) => {
    told = resolve;
  });
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    if (line.includes('dropped')) told();
  };
  const log = new DecisionLog({ gate: 'g', sink: { all: true, write }, snapshot: () => undefined, now: () => 5000 });
  const ends = { source: { address: '10.0.0.1:1' }, destination: { address: `10.0.0.2:${'9'.repeat(5000)}` } };
  for (let n = 0; n < 2000; n += 1) log.write({ effect: 'allow', reason: 'no-policy', audit: [] }, ends);
  for (let n = 0; n < 2000; n += 1) log.write({ effect: 'deny', reason: 'no-allow-match', audit: [] }, ends);
  await counted;
  expect(lines.filter(({ effect }) => effect === 'allow')).toHaveLength(500);
  expect(lines.filter(({ effect }) => effect === 'deny')).toHaveLength(500);
  expect(lines.at(-1)).toEqual({ time: '1970-01-01T00:00:05.000Z', gate: 'g', dropped: 3000 });
  expect(JSON.stringify(lines[0]).length).toBeLessThan(1000);
});
