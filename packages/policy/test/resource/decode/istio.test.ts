import { describe, expect, it } from 'vitest';
import { codesOf, complaints, only, policy } from '../load.js';

const workloadEntry = (spec: string, labels = '{}') =>
  `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, labels: ${labels}}\nspec: ${spec}\n`;
const serviceEntry = (spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: db}\nspec: ${spec}\n`;

describe('an AuthorizationPolicy', () => {
  it('is decoded term by term, with the place of each', () => {
    const text = policy(`  selector: {matchLabels: {app: web}}
  action: DENY
  rules:
  - from:
    - source: {principals: [a, b], notIpBlocks: [10.0.0.1]}
    to:
    - operation: {ports: ["80"]}
    when:
    - {key: source.ip, notValues: [10.0.0.2]}
  - {}
`);
    const decoded = only('AuthorizationPolicy', text);
    expect(decoded).toMatchObject({ action: 'DENY', dryRun: false, targetRefs: [], selector: { matchLabels: { app: 'web' } } });
    expect(decoded.rules.map(({ index, from, to, when }) => [index, from.length, to.length, when.length])).toEqual([
      [0, 1, 1, 1],
      [1, 0, 0, 0],
    ]);
    const [principals, ipBlocks] = decoded.rules[0]?.from[0]?.terms ?? [];
    expect(principals).toMatchObject({ field: 'principals', negated: false, values: [{ value: 'a' }, { value: 'b' }] });
    expect(ipBlocks).toMatchObject({ field: 'ipBlocks', negated: true });
    expect(text.slice(ipBlocks?.span.start.offset, ipBlocks?.span.end.offset)).toBe('notIpBlocks: [10.0.0.1]');
    expect(decoded.rules[0]?.to[0]?.terms.map(({ field }) => field)).toEqual(['ports']);
    const span = decoded.rules[0]?.span;
    expect(text.slice(span?.start.offset, span?.end.offset)).toMatch(/^from:[\s\S]*10\.0\.0\.2\]\}$/);
  });

  it('without spec, or with an empty one, allows nothing', () => {
    for (const text of [policy('{}'), 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\n']) {
      expect(only('AuthorizationPolicy', text)).toMatchObject({ action: 'ALLOW', rules: [], targetRefs: [] });
      expect(only('AuthorizationPolicy', text)).not.toHaveProperty('selector');
    }
  });

  it('may have an empty selector, which is not the same as none', () => {
    expect(only('AuthorizationPolicy', policy('{selector: {}}')).selector?.matchLabels).toEqual({});
  });

  it('has targets from either field, `core` being the empty group', () => {
    expect(only('AuthorizationPolicy', policy('{targetRef: {kind: Service, group: core, name: web}}')).targetRefs).toMatchObject([
      { group: '', kind: 'Service', name: 'web' },
    ]);
  });

  it('keeps label names that mean something to JavaScript', () => {
    const { selector } = only('AuthorizationPolicy', policy('{selector: {matchLabels: {__proto__: a, constructor: b}}}'));
    expect(Object.entries(selector?.matchLabels ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });
});

describe('a WorkloadEntry', () => {
  it('has the labels of both places, those of its metadata first', () => {
    expect(
      only('WorkloadEntry', workloadEntry('{address: 10.1.0.7, labels: {a: 1x, b: 2x}, ports: {http: 80}}', '{a: 0x0z, c: 3x}')),
    ).toMatchObject({
      address: '10.1.0.7',
      labels: { a: '0x0z', b: '2x', c: '3x' },
      serviceAccount: 'default',
      ports: { http: 80 },
    });
  });

  it('is at an address or a host', () => {
    for (const address of ['10.1.0.7', 'vm.example', '"fd00::7"', 'unix:///run/app.sock'])
      expect(codesOf(workloadEntry(`{address: ${address}}`))).toEqual([]);
    for (const address of ['10.1.0.300', '10.1.0', '"10.1.0.7:80"', '"vm example"'])
      expect(codesOf(workloadEntry(`{address: ${address}}`))).toEqual(['invalid-address']);
  });

  it('has no fields that nobody knows', () => {
    expect(complaints(workloadEntry('{adress: 10.1.0.7}'))).toEqual(['unknown-field: adress']);
  });
});

describe('a ServiceEntry', () => {
  it('has hosts, ports and endpoints', () => {
    const spec =
      '{hosts: [db.example], resolution: STATIC, location: MESH_INTERNAL, ports: [{name: tcp, number: 3306, protocol: TCP, targetPort: 13306}], endpoints: [{address: 10.1.0.8, labels: {a: b}, serviceAccount: db}]}';
    expect(only('ServiceEntry', serviceEntry(spec))).toMatchObject({
      hosts: ['db.example'],
      resolution: 'STATIC',
      location: 'MESH_INTERNAL',
      ports: [{ name: 'tcp', number: 3306, protocol: 'TCP', targetPort: 13306 }],
      endpoints: [{ address: '10.1.0.8', labels: { a: 'b' }, serviceAccount: 'db' }],
      exportTo: [],
    });
  });

  it.each([
    ['{hosts: []}', 'service-entry'],
    ['{hosts: ["*"]}', 'service-entry'],
    ['{}', 'missing-field'],
    ['{hosts: [a.b], endpoints: [{address: 10.0.0.1}]}', 'service-entry'],
    ['{hosts: [a.b], resolution: STATIC, endpoints: [], workloadSelector: {labels: {a: b}}}', 'service-entry'],
    ['{hosts: [a.b], ports: [{name: a, number: 80}, {name: b, number: 80}]}', 'service-entry'],
    ['{hosts: [a.b], ports: [{number: 80}]}', 'missing-field'],
    ['{hosts: [a.b], addresses: [10.0.0]}', 'invalid-address'],
    ['{hosts: [a.b], resolution: DNS_FIRST}', 'unknown-value'],
    ['{hosts: [a.b], host: a}', 'unknown-field'],
  ])('%s is refused: %s', (spec, code) => {
    expect(codesOf(serviceEntry(spec))).toEqual([code]);
  });
});
