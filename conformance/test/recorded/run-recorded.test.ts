import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/recorded/engine.js';
import { interpreter } from '../../src/recorded/interpreter.js';
import { runRecorded } from '../../src/recorded/run-recorded.js';
import { Tally } from '../../src/recorded/tally.js';

const manifests = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'shop', labels: { app: 'api' } },
    spec: { serviceAccountName: 'api', containers: [{ name: 'c' }] },
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
  policy('readers', {
    targetRefs: [{ group: '', kind: 'Service', name: 'api' }],
    rules: [{ to: [{ operation: { methods: ['GET'] } }] }],
  }),
  policy('known', { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] }),
];

function policy(name: string, spec: object): object {
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace: 'shop' }, spec };
}

const source = { identity: 'spiffe://cluster.local/ns/shop/sa/web', ip: '10.0.0.9' };
const http = (id: string, method: string, expect: object, more: object = {}) => ({
  id,
  gate: 'waypoint',
  target: { kind: 'Service', namespace: 'shop', name: 'api', port: 80 },
  source,
  request: { method, path: '/a/../b', host: 'api', headers: [] },
  expect,
  ...more,
});
const ztunnel = (id: string, expect: object, more: object = {}) => ({
  id,
  gate: 'ztunnel',
  workload: 'shop/api',
  source,
  destination: { ip: '10.0.0.2', port: 80 },
  expect,
  ...more,
});
const mesh = (queries: readonly object[], more: readonly object[] = []) => ({
  id: 'case',
  manifests: [...manifests, ...more].map((object) => JSON.stringify(object)).join('\n---\n'),
  queries,
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-recorded-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function run(content: unknown, engine: Engine = interpreter): Tally {
  const tally = new Tally();
  runRecorded(engine, [write('case.json', content)], tally);
  return tally;
}

const lines = (tally: Tally) => tally.disagreements.flatMap((each) => each.lines);

describe('a recorded mesh', () => {
  it('passes where effect, status, policy and path agree', () => {
    const allowed = { effect: 'allow', status: 200, policy: 'shop/readers', upstream: { path: '/b' } };
    const tally = run(
      mesh([
        http('q0', 'GET', allowed),
        http('q1', 'PUT', { effect: 'deny', status: 403, policy: null }),
        ztunnel('z0', { effect: 'allow', policy: 'shop/known' }),
        ztunnel('z1', { effect: 'deny', policy: null }, { source: { identity: null, ip: '10.0.0.9' } }),
      ]),
    );
    expect(tally.summary).toBe('4 passed, 0 failed, 0 skipped');
  });

  it.each([
    ['the effect', http('q', 'GET', { effect: 'deny', status: 403, policy: null }), 'expected deny, got allow (allow-policy)'],
    ['the status', http('q', 'PUT', { effect: 'deny', status: 401, policy: null }), 'expected status 401, got 403'],
    ['the policy', http('q', 'GET', { effect: 'allow', policy: 'shop/other' }), 'expected shop/other to match'],
    [
      'whether a policy matched',
      http('q', 'GET', { effect: 'allow', policy: null }),
      'expected that no policy matches, got shop/readers',
    ],
    [
      'the path',
      http('q', 'GET', { effect: 'allow', policy: 'shop/readers', upstream: { path: '/a' } }),
      'expected path /a, got /b',
    ],
    [
      'the dry run',
      http('q', 'GET', { effect: 'allow', policy: 'shop/readers', dryRun: { deny: { result: 'denied', policy: 'shop/x' } } }),
      'expected a dry-run result for deny, got none',
    ],
  ])('fails where %s differs, and says what was in force', (_, query, expected) => {
    const tally = run(mesh([query]));
    expect(tally.summary).toBe('0 passed, 1 failed, 0 skipped');
    expect(lines(tally)).toContain(expected);
    expect(lines(tally)).toContain('enforced: ALLOW shop/readers');
  });

  it('compares what each action of dry-run policies would have done', () => {
    const tried = {
      ...policy('tried', { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], action: 'DENY', rules: [{}] }),
      metadata: { name: 'tried', namespace: 'shop', annotations: { 'istio.io/dry-run': 'true' } },
    };
    const expecting = (result: string) => ({
      effect: 'allow',
      policy: 'shop/readers',
      dryRun: { deny: { result, policy: result === 'denied' ? 'shop/tried' : null } },
    });
    expect(run(mesh([http('q', 'GET', expecting('denied'))], [tried])).summary).toBe('1 passed, 0 failed, 0 skipped');
    expect(run(mesh([http('q', 'GET', expecting('allowed'))], [tried])).summary).toBe('0 passed, 1 failed, 0 skipped');
  });

  it('knows a converted PeerAuthentication by the name that upstream gives it', () => {
    const locked = {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'locked', namespace: 'shop' },
      spec: { mtls: { mode: 'STRICT' } },
    };
    const plain = { source: { identity: null, ip: '10.0.0.9' } };
    const expected = { effect: 'deny', policy: 'istio-system/istio_converted_static_strict' };
    expect(run(mesh([ztunnel('z', expected, plain)], [locked])).summary).toBe('1 passed, 0 failed, 0 skipped');
  });

  const tokens = (rule: object) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'tokens', namespace: 'shop' },
    spec: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], jwtRules: [rule] },
  });
  const me = { issuer: 'me', jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}' };

  it('skips by reason a gate that upstream could not configure', () => {
    const query = http('q', 'GET', { effect: 'allow', policy: 'shop/readers' });
    const reason = '`jwks` is no set with keys in it, for which Envoy refuses the configuration of the gate';
    expect(run(mesh([query], [tokens({ issuer: 'me', jwks: '{"keys":[]}' })])).skipped).toEqual([[reason, 1]]);
  });

  it('takes recorded claims for a signed token, and a bad one for as bad as it was', () => {
    const query = (expect: object, token: object) => {
      const { request, ...rest } = http('q', 'GET', expect) as { request: object };
      return { ...rest, request: { ...request, ...token } };
    };
    const queries = [
      query({ effect: 'allow', policy: 'shop/readers' }, { jwt: { iss: 'me', sub: 'ann' } }),
      query({ effect: 'deny', status: 401, body: 'Jwt issuer is not configured' }, { jwt: { iss: 'you' } }),
      query({ effect: 'deny', status: 401, body: 'Jwt is expired' }, { jwtInvalid: 'expired' }),
      query({ effect: 'deny', status: 401, body: 'Jwt verification fails' }, { jwtInvalid: 'signature' }),
      query({ effect: 'deny', status: 401, body: 'Jwt issuer is not configured' }, { jwtInvalid: 'issuer' }),
      query({ effect: 'allow', policy: 'shop/readers' }, { jwtInvalid: 'expired' }),
    ];
    const tally = run(mesh(queries, [tokens(me)]));
    expect(tally.summary).toBe('5 passed, 1 failed, 0 skipped');
  });

  it('judges a CUSTOM policy whose provider is unknown, as nobody is asked', () => {
    const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
    const custom = policy('asked', { targetRefs, action: 'CUSTOM', provider: { name: 'nobody' }, rules: [{}] });
    const denied = http('q', 'GET', { effect: 'deny', status: 403, policy: 'shop/asked' });
    expect(run(mesh([denied], [custom])).summary).toBe('1 passed, 0 failed, 0 skipped');
  });

  it('puts raw tokens where the record names them', () => {
    const query = http('q', 'GET', { effect: 'allow', policy: 'shop/readers', upstream: { path: '/b?t=$&x' } });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a recorded case names a token
    const request = { method: 'GET', path: '/b?t=${t1}', host: 'api', headers: [] };
    expect(run({ ...mesh([{ ...query, request }]), tokens: { t1: '$&x' } }).summary).toBe('1 passed, 0 failed, 0 skipped');
  });
});

describe('a recorded case of the older generation', () => {
  const rbac = (kind: string, name: string, spec: object) => ({
    apiVersion: 'rbac.istio.io/v1alpha1',
    kind,
    metadata: { name, namespace: 'shop' },
    spec,
  });
  const roles = [
    rbac('ClusterRbacConfig', 'default', { mode: 'ON_WITH_INCLUSION', inclusion: { namespaces: ['shop'] } }),
    rbac('ServiceRole', 'readers', { rules: [{ services: ['*'], methods: ['GET'] }, { ports: [3306] }] }),
    rbac('ServiceRoleBinding', 'web', {
      subjects: [{ names: ['td/ns/shop/sa/web'] }],
      roleRef: { kind: 'ServiceRole', name: 'readers' },
    }),
  ];
  const manifests = roles.map((role) => JSON.stringify(role)).join('\n---\n');
  const destination = { host: 'api.shop.svc.cluster.local', namespace: 'shop', labels: {}, serviceAccount: 'td/ns/shop/sa/api' };
  const ask = (expect: object, more: object = {}) => ({
    id: 'q',
    gate: 'sidecar-http',
    destination: { ...destination, ip: '10.0.0.2', port: 80 },
    source: { identity: 'td/ns/shop/sa/web', ip: '10.0.0.9', tls: true },
    request: { method: 'GET', path: '/', host: 'api', headers: [] },
    dynamicMetadata: { istio_authn: { 'source.principal': 'td/ns/shop/sa/web' } },
    expect,
    ...more,
  });
  const mesh = (query: object) => ({ id: 'lg', manifests, queries: [query] });
  const certificate = { uriSans: ['spiffe://td/ns/shop/sa/web'], subject: 'CN=web' };
  const tcp = { gate: 'sidecar-tcp', request: undefined, dynamicMetadata: {}, source: { ...ask({}).source, certificate } };

  it.each([
    ['an allowed request', ask({ effect: 'allow', status: 200, policy: 'readers' })],
    ['a denied one', ask({ effect: 'deny', status: 403 }, { dynamicMetadata: {} })],
    ['a TCP connection', ask({ effect: 'allow' }, { ...tcp, destination: { ...destination, ip: '10.0.0.2', port: 3306 } })],
    ['a TCP connection to a port of no rule', ask({ effect: 'deny' }, tcp)],
    [
      'a service that RBAC is off for',
      ask({ effect: 'allow', filter: 'none' }, { destination: { ...destination, namespace: 'pay', ip: '10.0.0.2', port: 80 } }),
    ],
  ])('%s agrees', (_, query) => {
    expect(run(mesh(query)).disagreements).toEqual([]);
  });

  it.each([
    ['effect', ask({ effect: 'deny', status: 403 })],
    ['role', ask({ effect: 'allow', policy: 'writers' })],
    ['filter', ask({ effect: 'allow', policy: 'readers', filter: 'none' })],
    ['tried out', ask({ effect: 'allow', policy: 'readers', shadow: { result: 'allowed', policy: 'readers' } })],
  ])('another %s disagrees', (what, query) => {
    expect(run(mesh(query)).disagreements[0]?.lines[0]).toMatch(new RegExp(`^expected ${what}`));
  });

  it('agrees that a gate cannot be configured only where a role is named for it', () => {
    const colon = rbac('ServiceRole', 'readers', { rules: [{ constraints: [{ key: ':path', values: ['/'] }] }] });
    const refusal = (gate: string) => ({
      manifests: [roles[0], colon, roles[2]].map((role) => JSON.stringify(role)).join('\n---\n'),
      meshConfig: null,
      gate,
      destination,
      error: 'Found header',
    });
    expect(run([refusal('sidecar-tcp')]).summary).toBe('1 passed, 0 failed, 0 skipped');
    expect(run([refusal('sidecar-http')]).summary).toBe('0 passed, 1 failed, 0 skipped');
  });

  it.each<[string, string, { readonly accepted: boolean; readonly stage?: string }]>([
    ['a manifest that upstream cannot read', 'mode: true', { accepted: false, stage: 'decode' }],
    ['one that breaks a rule of its kind', 'mode: ON_WITH_EXCLUSION', { accepted: false, stage: 'validate' }],
    ['one that is accepted', 'mode: "ON"', { accepted: true }],
  ])('%s is judged by its stage', (_, spec, expected) => {
    const manifest = `apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec:\n  ${spec}\n`;
    expect(run([{ manifest, ...expected }]).summary).toBe('1 passed, 0 failed, 0 skipped');
    const other = expected.stage === 'decode' ? { accepted: false, stage: 'validate' } : { accepted: false, stage: 'decode' };
    expect(run([{ manifest, ...other }]).summary).toBe('0 passed, 1 failed, 0 skipped');
  });
});

describe('what cannot be read or asked', () => {
  it.each([
    ['no JSON', '{', 'cannot be read'],
    ['another shape', { id: 1 }, 'cannot be read'],
    ['a list of something else', [{ a: 1 }], 'cannot be read'],
    ['an empty list', [], 'cannot be read'],
    ['a query without its target', mesh([{ ...http('q', 'GET', { effect: 'allow' }), target: undefined }]), 'cannot be read'],
    ['an unknown effect', mesh([ztunnel('z', { effect: 'maybe' })]), 'cannot be read'],
    [
      'manifests that are invalid',
      { ...mesh([ztunnel('z', { effect: 'allow' })]), manifests: 'kind: [' },
      'the mesh does not load',
    ],
    ['a workload that is not there', mesh([ztunnel('z', { effect: 'allow' }, { workload: 'shop/none' })]), 'cannot be asked'],
  ])('%s is a failure', (_, content, why) => {
    const tally = run(content);
    expect(tally.summary).toBe('0 passed, 1 failed, 0 skipped');
    expect(lines(tally)[0]).toContain(why);
  });

  it('a path that does not exist is a failure', () => {
    const tally = new Tally();
    runRecorded(interpreter, [join(folder, 'none')], tally);
    expect(tally.summary).toBe('0 passed, 1 failed, 0 skipped');
  });

  it('a folder without any case is a failure, as nothing was judged', () => {
    const tally = new Tally();
    runRecorded(interpreter, [folder], tally);
    expect(tally.summary).toBe('0 passed, 1 failed, 0 skipped');
  });
});

describe('manifests and paths', () => {
  const accepted = JSON.stringify(policy('p', { rules: [{}] }));
  const refused = JSON.stringify(policy('p', { rules: [{ to: [{}] }] }));
  const recorded = (manifest: string, answer: boolean) => ({
    manifest,
    accepted: answer,
    webhook: answer,
    crd: true,
    errors: '',
    crdErrors: '',
  });

  it('are accepted or refused as upstream does', () => {
    expect(run([recorded(accepted, true), recorded(refused, false)]).summary).toBe('2 passed, 0 failed, 0 skipped');
    const wrong = run([recorded(accepted, false), recorded(refused, true)]);
    expect(wrong.summary).toBe('0 passed, 2 failed, 0 skipped');
    expect(lines(wrong)[0]).toBe('expected refused, got accepted');
  });

  it('a path is judged in every mode', () => {
    const path = {
      path: '/a/..//',
      DEFAULT: '//',
      NONE: '/a/..//',
      BASE: '//',
      MERGE_SLASHES: '//',
      DECODE_AND_MERGE_SLASHES: '/',
    };
    expect(run([path]).summary).toBe('4 passed, 1 failed, 0 skipped');
  });
});

describe('the runner', () => {
  it('runs any engine', () => {
    const stubborn: Engine = {
      load: () => ({
        answer: () => ({ effect: 'deny', reason: 'never', matched: [], shadow: {}, enforced: [] }),
        roles: () => ({ effect: 'deny', reason: 'never', governed: true }),
        refusedRole: () => undefined,
      }),
      accepts: () => ({ uncovered: 'this engine reads nothing' }),
      statuses: () => ({ uncovered: 'this engine writes nothing' }),
      normalizePath: () => 400,
    };
    const tally = run(mesh([ztunnel('z', { effect: 'allow' }), ztunnel('z', { effect: 'deny' })]), stubborn);
    expect(tally.summary).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('reads every case of a folder', () => {
    write('a.json', mesh([ztunnel('z', { effect: 'allow' })]));
    write('b.json', mesh([ztunnel('z', { effect: 'allow' })]));
    write('notes.txt', 'not a case');
    const tally = new Tally();
    runRecorded(interpreter, [folder], tally);
    expect(tally.summary).toBe('2 passed, 0 failed, 0 skipped');
  });

  const shared = fileURLToPath(new URL('../../../../shared/recorded', import.meta.url));
  it.skipIf(!existsSync(shared))('agrees with everything that is recorded and covered (needs ../shared/recorded)', () => {
    const tally = new Tally();
    runRecorded(interpreter, [shared], tally);
    expect(tally.disagreements).toEqual([]);
    expect(tally.passed).toBeGreaterThan(15_000);
  });
});
