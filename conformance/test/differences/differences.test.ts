import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectRow, dialectRows } from '../../src/differences/dialect-rows.js';
import { type Difference, isDefect } from '../../src/differences/difference.js';
import { renderDifferences } from '../../src/differences/render-differences.js';
import { runDifferences } from '../../src/differences/run-differences.js';
import { recordedFiles } from '../../src/recorded/recorded-files.js';

const shared = fileURLToPath(new URL('../../../../shared', import.meta.url));
const peer = 'spiffe://cluster.local/ns/shop/sa/web';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-differences-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mesh = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'shop', labels: { app: 'api' } },
    spec: { serviceAccountName: 'api', containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
    status: { podIP: '10.0.0.2', conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'gate' } },
    spec: { clusterIP: '10.96.0.2', selector: { app: 'api' }, ports: [{ name: 'http', port: 80 }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gate', namespace: 'shop' },
    spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
  },
];

const policy = (name: string, spec: object) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name, namespace: 'shop' },
  spec,
});
const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
const from = (source: object) => [{ from: [{ source }] }];
const toZtunnel = (identity: string | null = peer) => ({
  id: 'q',
  gate: 'ztunnel',
  workload: 'shop/api',
  source: { identity, ip: '10.0.0.9' },
  destination: { ip: '10.0.0.2', port: 80 },
  expect: { effect: 'allow' },
});
const toWaypoint = (identity: string | null = peer) => ({
  id: 'q',
  gate: 'waypoint',
  target: { kind: 'Service', namespace: 'shop', name: 'api', port: 80 },
  source: { identity, ip: '10.0.0.9' },
  request: { method: 'GET', path: '/', host: 'api', headers: [] },
  expect: { effect: 'allow' },
});

function differences(query: object, objects: readonly object[], more: object = {}): readonly Difference[] {
  const path = join(folder, 'case.json');
  const manifests = [...mesh, ...objects].map((object) => JSON.stringify(object)).join('\n---\n');
  writeFileSync(path, JSON.stringify({ id: 'case', manifests, queries: [query], ...more }));
  const { found, problems } = runDifferences([path]);
  expect(problems).toEqual([]);
  return found;
}

const told = (found: readonly Difference[]) => found.map(({ strict, rows }) => [strict, ...rows.map(({ question }) => question)]);

describe('a query that the dialects answer differently', () => {
  it.each<[string, object, readonly object[], object, string[]]>([
    [
      'an L7 rule at a ztunnel',
      toZtunnel(),
      [policy('p', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['PUT'] } }] }] })],
      {},
      ['deny', 'enforced ALLOW or DENY with an L7 attribute, bound to a ztunnel'],
    ],
    [
      'an account in a condition at a ztunnel',
      toZtunnel(),
      [policy('p', { rules: [{ when: [{ key: 'source.serviceAccount', values: ['shop/web'] }] }] })],
      {},
      ['allow', 'which keys are L7'],
    ],
    [
      'an empty selector',
      toZtunnel(),
      [policy('p', { selector: {}, action: 'DENY', rules: from({ namespaces: ['shop'] }) })],
      {},
      ['deny', '`selector: {}`'],
    ],
    [
      'an alias at a ztunnel',
      toZtunnel('spiffe://mesh.example/ns/shop/sa/web'),
      [policy('p', { rules: from({ principals: ['old.example/ns/shop/sa/web'] }) })],
      { meshConfig: { trustDomain: 'mesh.example', trustDomainAliases: ['old.example'] } },
      ['allow', 'trust-domain aliases at ztunnel'],
    ],
    [
      '`cluster.local` at a ztunnel of a mesh with another name',
      toZtunnel('spiffe://mesh.example/ns/shop/sa/web'),
      [policy('p', { action: 'DENY', rules: from({ principals: ['cluster.local/ns/shop/sa/web'] }) })],
      { meshConfig: { trustDomain: 'mesh.example' } },
      ['deny', 'trust-domain aliases at ztunnel'],
    ],
    [
      'a trust domain at a ztunnel',
      toZtunnel(),
      [policy('p', { action: 'DENY', rules: from({ trustDomains: ['cluster.local'] }) })],
      {},
      ['deny', '`trustDomains` at ztunnel'],
    ],
    [
      'an address at a waypoint',
      toWaypoint(),
      [policy('p', { targetRefs, rules: from({ ipBlocks: ['10.0.0.0/8'] }) })],
      {},
      ['allow', 'ipBlocks and source.ip at a waypoint'],
    ],
    [
      'X-Forwarded-For of a mere client',
      { ...toWaypoint(), request: { method: 'GET', path: '/', host: 'api', headers: [['x-forwarded-for', '192.0.2.7']] } },
      [policy('p', { targetRefs, rules: from({ remoteIpBlocks: ['192.0.2.0/24'] }) })],
      {},
      ['deny', 'remote.ip at a waypoint'],
    ],
    [
      'a key that nearly is one',
      { ...toWaypoint(), expect: { effect: 'allow' } },
      [policy('p', { targetRefs, rules: [{}, { when: [{ key: 'request.headersX[a]', values: ['1'] }] }] })],
      {},
      ['deny', '`request.headersX[..]` and other near-misses of a key'],
    ],
    [
      'a template without its slash',
      toWaypoint(),
      [policy('p', { rules: [{}] }), policy('q', { rules: [{ to: [{ operation: { paths: ['a/{*}'] } }] }] })],
      {},
      ['deny', 'path template without leading `/`'],
    ],
    [
      'a zone in an address',
      toZtunnel(),
      [policy('p', { rules: [{}, ...from({ ipBlocks: ['fe80::1%eth0'] })] })],
      {},
      ['deny', 'value that cannot be parsed (past validation)'],
    ],
  ])('comes from a row of the table: %s', (_, query, objects, more, expected) => {
    const found = differences(query, objects, more);
    expect(told(found)).toEqual([expected]);
    expect(found.some(isDefect)).toBe(false);
  });

  it('comes from two rows where neither alone makes it', () => {
    const hidden = { ...from({ trustDomains: ['cluster.local'] })[0] };
    const other = { when: [{ key: 'source.serviceAccount', values: ['shop/web'] }] };
    const found = differences(toZtunnel(), [policy('p', { action: 'DENY', rules: [hidden, other] })]);
    expect(told(found)).toEqual([['deny', 'which keys are L7', '`trustDomains` at ztunnel']]);
  });

  it('has no row where no handshake here lets the peer in', () => {
    const found = differences(toWaypoint('spiffe://cluster.local/ns/shop/sa/a/b'), [policy('p', { targetRefs, rules: [{}] })]);
    expect(found.map(({ strict, beforePolicy, rows }) => [strict, beforePolicy, rows.length])).toEqual([['deny', true, 0]]);
    expect(found.some(isDefect)).toBe(false);
  });

  it('is none where both answer alike', () => {
    expect(differences(toZtunnel(), [policy('p', { rules: from({ namespaces: ['shop'] }) })])).toEqual([]);
  });
});

describe('a difference', () => {
  const row = dialectRow('`selector: {}`');
  const quiet = dialectRow('targetRefs to a Service that has no waypoint');
  const base = { where: 'a.json q', reason: 'r' };

  it('without a row is a defect', () => {
    expect(isDefect({ ...base, strict: 'deny', rows: [] })).toBe(true);
    expect(isDefect({ ...base, strict: 'allow', rows: [], beforePolicy: true })).toBe(true);
  });

  it('that allows more is one unless a row says so', () => {
    expect(isDefect({ ...base, strict: 'allow', rows: [quiet] })).toBe(true);
    expect(isDefect({ ...base, strict: 'deny', rows: [quiet] })).toBe(false);
    expect(isDefect({ ...base, strict: 'allow', rows: [row] })).toBe(false);
  });

  it('is printed under its rows, a defect by itself', () => {
    const found: Difference[] = [
      { ...base, strict: 'allow', rows: [row] },
      { ...base, where: 'b.json q', strict: 'deny', rows: [] },
    ];
    expect(renderDifferences({ asked: 9, found, problems: ['c.json: no JSON'] })).toBe(
      [
        '`selector: {}`',
        '  1 allowed that upstream denies (an ALLOW policy with an empty selector grants in its whole namespace), such as a.json q',
        '',
        'b.json q: strict denies (r), and no row of the table is about it',
        'cannot be compared: c.json: no JSON',
        '2 of 9 queries differ, 1 of them without a row that says so',
        '',
      ].join('\n'),
    );
  });
});

describe('the rows', () => {
  const design = join(shared, 'design.md');

  it.skipIf(!existsSync(design))('begin with those of the design, in its order (needs ../shared/design.md)', () => {
    const table = readFileSync(design, 'utf8').split('| question | strict | upstream |')[1]?.split('\n\n')[0] ?? '';
    const questions = table
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split(' | ')[0]?.slice(2));
    expect(questions).not.toEqual([]);
    expect(dialectRows.slice(0, questions.length).map(({ question }) => question)).toEqual(questions);
  });

  const recorded = join(shared, 'recorded');
  it.skipIf(!existsSync(recorded))(
    'account for every difference in a sample of the recordings (needs ../shared/recorded)',
    () => {
      const files = ['ambient', 'ambient-http', 'legacy'].flatMap((name) => recordedFiles(join(recorded, name)));
      const { asked, found, problems } = runDifferences(files.filter((_, index) => index % 7 === 3));
      expect(problems).toEqual([]);
      expect(found.filter(isDefect)).toEqual([]);
      expect(asked).toBeGreaterThan(2_000);
      expect(found.length).toBeGreaterThan(100);
    },
  );
});

describe('what cannot be compared', () => {
  it('is told, and never passed over', () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{');
    expect(runDifferences([path, join(folder, 'none')]).problems).toHaveLength(2);
  });
});
