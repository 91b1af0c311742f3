import { describe, expect, it } from 'vitest';
import { strict, upstream } from '../../../../src/resource/dialect.js';
import { codesOf, complaints, load, policy } from '../../load.js';

const rule = '{to: [{operation: {ports: ["80"]}}]}';
const target = '{kind: Service, group: "", name: web}';

/** A policy with one source, operation or condition. */
const source = (fields: string, action = 'ALLOW') => policy(`{action: ${action}, rules: [{from: [{source: {${fields}}}]}]}`);
const condition = (fields: string) => policy(`{rules: [{when: [{${fields}}]}]}`);

describe('attachment', () => {
  it('is one of selector, targetRef and targetRefs, by presence', () => {
    expect(complaints(policy(`{selector: {matchLabels: {a: b}}, targetRefs: [${target}], rules: [${rule}]}`))).toEqual([
      'selector-and-target: targetRefs',
    ]);
    expect(complaints(policy(`{selector: {}, targetRefs: []}`))).toEqual([
      'selector-without-labels: selector: {}',
      'selector-and-target: targetRefs',
    ]);
    expect(complaints(policy(`{targetRef: ${target}, targetRefs: [${target}]}`))).toEqual(['selector-and-target: targetRefs']);
  });

  it('is not an empty list of targets, which only strict refuses', () => {
    expect(complaints(policy(`{targetRefs: [], rules: [${rule}]}`))).toEqual(['empty-list: targetRefs: []']);
    expect(codesOf(policy(`{targetRefs: [], rules: [${rule}]}`), upstream)).toEqual([]);
  });

  it('by an empty selector is a warning, and loads', () => {
    for (const spec of ['{selector: {}}', '{selector: {matchLabels: {}}}']) {
      expect(codesOf(policy(spec))).toEqual(['selector-without-labels']);
      expect(load(policy(spec)).set.resources).toHaveLength(1);
    }
  });

  it('by selector has no empty key, wildcard or endless value', () => {
    expect(complaints(policy('{selector: {matchLabels: {"": web}}}'))).toEqual(['selector-label: ""']);
    expect(complaints(policy('{selector: {matchLabels: {a*: b}}}'))).toEqual(['selector-label: a*']);
    expect(complaints(policy('{selector: {matchLabels: {a: b*}}}'))).toEqual(['selector-label: b*']);
    expect(codesOf(policy(`{selector: {matchLabels: {a: ${'b'.repeat(63)}}}}`))).toEqual([]);
    expect(codesOf(policy(`{selector: {matchLabels: {a: ${'b'.repeat(64)}}}}`))).toEqual(['selector-label']);
    expect(codesOf(policy('{selector: {matchLabels: {a: 5}}}'))).toEqual(['wrong-type']);
    expect(codesOf(policy('{selector: {labels: {a: b}}}'))).toContain('unknown-field');
  });

  it.each([
    ['Service', ''],
    ['Service', 'core'],
    ['ServiceEntry', 'networking.istio.io'],
    ['Gateway', 'gateway.networking.k8s.io'],
    ['GatewayClass', 'gateway.networking.k8s.io'],
  ])('by target may be to a %s of group "%s"', (kind, group) => {
    expect(codesOf(policy(`{targetRefs: [{kind: ${kind}, group: "${group}", name: web}]}`))).toEqual([]);
    expect(codesOf(policy(`{targetRef: {kind: ${kind}, group: "${group}", name: web}}`))).toEqual([]);
  });

  it.each([
    ['Service', 'v1'],
    ['ServiceEntry', ''],
    ['Gateway', ''],
    ['Gateway', 'networking.istio.io'],
    ['Pod', ''],
    ['service', ''],
    ['', ''],
  ])('by target may not be to a %s of group "%s"', (kind, group) => {
    expect(codesOf(policy(`{targetRefs: [{kind: "${kind}", group: "${group}", name: web}]}`))).toEqual(['target-kind']);
  });

  it('by target needs kind and name, in the own namespace', () => {
    expect(codesOf(policy('{targetRefs: [{}]}'))).toEqual(['missing-field', 'missing-field']);
    expect(codesOf(policy('{targetRefs: [{kind: Service, name: ""}]}'))).toEqual(['target-ref']);
    expect(codesOf(policy(`{targetRefs: [{kind: Service, name: ${'x'.repeat(254)}}]}`))).toEqual(['target-ref']);
    expect(complaints(policy('{targetRefs: [{kind: Service, name: web, namespace: shop}]}'))).toEqual(['target-ref: shop']);
    expect(codesOf(policy('{targetRefs: [{kind: Service, name: web, namespace: ""}]}'))).toEqual([]);
    expect(complaints(policy('{targetRefs: [{kind: Service, name: web, sectionName: http}]}'))).toEqual([
      'unknown-field: sectionName',
    ]);
  });

  it('by target has sixteen of them at most', () => {
    expect(codesOf(policy(`{targetRefs: [${Array(16).fill(target)}]}`))).toEqual([]);
    expect(codesOf(policy(`{targetRefs: [${Array(17).fill(target)}]}`))).toEqual(['too-many-items']);
  });
});

describe('the action', () => {
  it.each(['allow', 'Deny', 'LOG', '""'])('cannot be %s', (action) => {
    expect(codesOf(policy(`{action: ${action}, rules: [${rule}]}`))).toEqual(['unknown-value']);
  });

  it.each(['null', '1', '[]', 'true'])('cannot be %s', (action) => {
    expect(codesOf(policy(`{action: ${action}, rules: [${rule}]}`))).toEqual(['wrong-type']);
  });

  it('DENY or CUSTOM needs rules; ALLOW and AUDIT do not', () => {
    for (const rules of ['', ', rules: []']) {
      expect(complaints(policy(`{action: DENY${rules}}`))).toEqual(['action-without-rules: DENY']);
      expect(complaints(policy(`{action: CUSTOM, provider: {name: opa}${rules}}`))).toEqual(['action-without-rules: CUSTOM']);
      expect(codesOf(policy(`{action: ALLOW${rules}}`))).toEqual([]);
      expect(codesOf(policy(`{action: AUDIT${rules}}`))).toEqual([]);
    }
  });

  it('CUSTOM names its provider, and nothing else does', () => {
    for (const provider of ['', ', provider: {}', ', provider: {name: ""}'])
      expect(codesOf(policy(`{action: CUSTOM, rules: [{}]${provider}}`))).toEqual(['custom-without-provider']);
    for (const provider of ['{}', '{name: opa}'])
      expect(codesOf(policy(`{provider: ${provider}}`))).toEqual(['provider-without-custom']);
    expect(codesOf(policy('{action: CUSTOM, provider: {name: opa}, rules: [{}]}'))).toEqual([]);
  });

  it('CUSTOM looks at no identity and no token', () => {
    for (const field of [
      'namespaces',
      'notNamespaces',
      'serviceAccounts',
      'notServiceAccounts',
      'trustDomains',
      'notTrustDomains',
      'principals',
      'notPrincipals',
      'requestPrincipals',
      'notRequestPrincipals',
    ]) {
      expect(
        codesOf(policy(`{action: CUSTOM, provider: {name: opa}, rules: [{from: [{source: {${field}: [a]}}]}]}`)),
        field,
      ).toEqual(['custom-identity']);
    }
    for (const key of [
      'source.namespace',
      'source.serviceAccount',
      'source.trustDomain',
      'source.principal',
      'request.auth.principal',
      'request.auth.claims[a]',
    ]) {
      expect(
        codesOf(policy(`{action: CUSTOM, provider: {name: opa}, rules: [{when: [{key: "${key}", values: [a]}]}]}`)),
        key,
      ).toEqual(['custom-identity']);
    }
    expect(
      codesOf(policy('{action: CUSTOM, provider: {name: opa}, rules: [{when: [{key: source.ip, values: [10.0.0.1]}]}]}')),
    ).toEqual([]);
  });
});

describe('rules', () => {
  it.each([
    ['rules: null', 'wrong-type'],
    ['rules: [null]', 'wrong-type'],
    ['rules: {}', 'wrong-type'],
    ['rules: [{from: [null]}]', 'wrong-type'],
    ['rules: [{from: {}}]', 'wrong-type'],
    ['rules: [{from: [{}]}]', 'empty-entry'],
    ['rules: [{from: [{source: {}}]}]', 'empty-entry'],
    ['rules: [{from: [{source: {principals: []}}]}]', 'empty-entry'],
    ['rules: [{from: [{source: null}]}]', 'wrong-type'],
    ['rules: [{from: [{source: {principals: a}}]}]', 'wrong-type'],
    ['rules: [{from: [{source: {principals: [null]}}]}]', 'wrong-type'],
    ['rules: [{from: [{source: {principal: [a]}}]}]', 'unknown-field'],
    ['rules: [{from: [{source: {principals: [a]}, to: []}]}]', 'unknown-field'],
    ['rules: [{to: [{}]}]', 'empty-entry'],
    ['rules: [{to: [{operation: {}}]}]', 'empty-entry'],
    ['rules: [{to: [{operation: {notPaths: []}}]}]', 'empty-entry'],
    ['rules: [{to: [{operation: {method: [GET]}}]}]', 'unknown-field'],
    ['rules: [{bogus: 1}]', 'unknown-field'],
    ['Rules: []', 'unknown-field'],
  ])('{%s} is refused: %s', (spec, code) => {
    expect(codesOf(policy(`{${spec}}`))).toEqual([code]);
  });

  it('may be empty, or none', () => {
    expect(codesOf(policy('{rules: [{}]}'))).toEqual([]);
    expect(codesOf(policy('{rules: []}'))).toEqual([]);
  });

  it.each([
    ['{from: [], to: [], when: []}', ['from: []', 'to: []', 'when: []']],
    ['{to: [{operation: {ports: ["80"], notPaths: []}}]}', ['notPaths: []']],
    ['{from: [{source: {namespaces: [a], principals: [], notPrincipals: []}}]}', ['principals: []', 'notPrincipals: []']],
    ['{when: [{key: source.ip, values: [10.0.0.1], notValues: []}]}', ['notValues: []']],
  ])('%s has empty lists, which only strict refuses', (rule, places) => {
    expect(complaints(policy(`{rules: [${rule}]}`))).toEqual(places.map((place) => `empty-list: ${place}`));
    expect(codesOf(policy(`{rules: [${rule}]}`), upstream)).toEqual([]);
  });

  it('are 512 at most, with 512 entries of from', () => {
    const from = '{source: {namespaces: [a]}}';
    expect(codesOf(policy(`{rules: [${Array(512).fill(`{from: [${from}]}`)}]}`))).toEqual([]);
    expect(codesOf(policy(`{rules: [${Array(513).fill(`{from: [${from}]}`)}]}`))).toEqual(['too-many-items']);
    expect(codesOf(policy(`{rules: [{from: [${Array(512).fill(from)}]}]}`))).toEqual([]);
    expect(codesOf(policy(`{rules: [{from: [${Array(513).fill(from)}]}]}`))).toEqual(['too-many-items']);
    expect(codesOf(policy(`{rules: [{to: [${Array(600).fill('{operation: {ports: ["80"]}}')}]}]}`))).toEqual([]);
  });

  it('hold no empty values', () => {
    const fields = [
      'principals',
      'requestPrincipals',
      'namespaces',
      'serviceAccounts',
      'trustDomains',
      'ipBlocks',
      'remoteIpBlocks',
    ];
    for (const field of fields.flatMap((name) => [name, `not${name.charAt(0).toUpperCase()}${name.slice(1)}`]))
      expect(codesOf(source(`${field}: [""]`)), field).toEqual(['empty-value']);
    for (const field of ['hosts', 'ports', 'methods', 'paths', 'notHosts', 'notPorts', 'notMethods', 'notPaths']) {
      expect(codesOf(policy(`{rules: [{to: [{operation: {${field}: [""]}}]}]}`)), field).toEqual(['empty-value']);
    }
  });

  it('have service accounts beside no principals or namespaces, by presence', () => {
    for (const accounts of ['serviceAccounts: [web]', 'notServiceAccounts: [web]', 'serviceAccounts: []']) {
      for (const other of ['principals: [a]', 'notPrincipals: []', 'namespaces: [a]', 'notNamespaces: [a]']) {
        expect(codesOf(source(`${accounts}, ${other}`)), `${accounts}, ${other}`).toContain('service-accounts-mixed');
      }
    }
    expect(codesOf(source('serviceAccounts: [web], ipBlocks: [10.0.0.1], requestPrincipals: [a], trustDomains: [a]'))).toEqual(
      [],
    );
  });
});

describe('conditions', () => {
  it.each(['source.ip', 'remote.ip', 'destination.ip'])('on %s have addresses', (key) => {
    expect(codesOf(condition(`key: ${key}, values: [10.0.0.1], notValues: ["fd00::/8"]`))).toEqual([]);
    expect(complaints(condition(`key: ${key}, values: [x], notValues: [10.0.0.0/33]`))).toEqual([
      'invalid-ip-block: x',
      'invalid-ip-block: 10.0.0.0/33',
    ]);
  });

  it.each([
    'source.namespace',
    'source.principal',
    'request.auth.principal',
    'request.auth.audiences',
    'request.auth.presenter',
    'connection.sni',
    'request.headers[x-a]',
    'request.headers[:path]',
    'request.auth.claims[a]',
    'request.auth.claims[a][b]',
    'request.auth.claims[a.b]',
    'experimental.envoy.filters.a.b[c]',
  ])('on %s have any values but empty ones', (key) => {
    expect(codesOf(condition(`key: "${key}", values: [x, "*", "a b"]`))).toEqual([]);
    expect(codesOf(condition(`key: "${key}", values: [""]`))).toEqual(['empty-value']);
    expect(codesOf(condition(`key: "${key}"`))).toEqual(['condition-without-values']);
    expect(codesOf(condition(`key: "${key}", values: []`))).toEqual(['condition-without-values']);
  });

  it('on destination.port have ports', () => {
    expect(codesOf(condition('key: destination.port, values: ["0", "80"]'))).toEqual([]);
    expect(codesOf(condition('key: destination.port, values: ["65536"]'))).toEqual(['invalid-port']);
  });

  it('on source.serviceAccount have service accounts', () => {
    expect(codesOf(condition('key: source.serviceAccount, notValues: [shop/web]'))).toEqual([]);
    expect(codesOf(condition('key: source.serviceAccount, notValues: [shop/*]'))).toEqual(['invalid-service-account']);
  });

  it('on source.trustDomain have trust domains, which upstream lets have a slash', () => {
    expect(codesOf(condition('key: source.trustDomain, values: ["*.local"]'))).toEqual([]);
    expect(codesOf(condition('key: source.trustDomain, values: ["a*b"]'), upstream)).toEqual(['invalid-trust-domain']);
    expect(codesOf(condition('key: source.trustDomain, values: ["a/b"]'), upstream)).toEqual([]);
    expect(codesOf(condition('key: source.trustDomain, values: ["a/b"]'), strict)).toEqual(['invalid-trust-domain']);
  });

  it.each([
    'foo',
    '*',
    'source.ip ',
    'SOURCE.IP',
    'source.port',
    'source.name',
    'source.user',
    'source.labels[app]',
    'destination.labels[app]',
    'destination.name',
    'destination.namespace',
    'destination.user',
    'request.auth',
    'request.auth.foo',
    'request.host',
    'request.path',
    'request.method',
    'request.header[x]',
    'Request.Headers[x]',
    'experimental.foo[b]',
    'request.headers',
    'request.headers[]',
    'request.headers[x',
    'request.headersx]',
    'request.headers[x]y',
    'request.auth.claims',
    'request.auth.claims[a',
    'request.auth.claims[]',
    'experimental.envoy.filters.a',
    'experimental.envoy.filters.a[]',
  ])('on %s do not exist', (key) => {
    expect(complaints(condition(`key: "${key}", values: [x]`), upstream)).toEqual([`condition-key: "${key}"`]);
    expect(codesOf(condition(`key: "${key}", notValues: [x]`), strict)).toEqual(['condition-key']);
  });

  it.each([
    'request.headersX[a]',
    'request.headers.x[a]',
    'request.headers[ ]',
    'request.headers[x][y]',
    'request.headers[x]]',
    'request.headers[[x]',
    'request.auth.claimsX[a]',
    'request.auth.claims[a]b[c]',
    'request.auth.claims[a][]',
    'experimental.envoy.filters.[b]',
    'experimental.envoy.filters.a[b][c]',
  ])('on the near-miss %s are refused in strict only', (key) => {
    expect(codesOf(condition(`key: "${key}", values: [x]`), strict)).toEqual(['condition-key-near-miss']);
    expect(codesOf(condition(`key: "${key}", values: [x]`), upstream)).toEqual([]);
  });

  it('name their key', () => {
    expect(codesOf(condition('values: [x]'))).toContain('missing-field');
    expect(codesOf(condition('key: "", values: [x]'))).toEqual(['condition-key']);
  });
});

describe('dry-run', () => {
  const annotated = (value: string, spec = '{rules: [{}]}') => policy(spec, `  annotations: {istio.io/dry-run: ${value}}\n`);

  it.each(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'])('is %s', (value) => {
    const text = annotated(`"${value}"`);
    expect(codesOf(text)).toEqual([]);
    expect(load(text).set.resources).toMatchObject([{ dryRun: /^[1tT]/.test(value) }]);
  });

  it.each(['yes', 'on', ' true', '', 'tRUE'])('is not "%s"', (value) => {
    expect(complaints(annotated(`"${value}"`))).toEqual([`dry-run-value: "${value}"`]);
  });

  it('is a string', () => {
    expect(codesOf(annotated('true'))).toEqual(['wrong-type']);
  });

  it('is for ALLOW and DENY only, even where it is off', () => {
    for (const action of ['AUDIT', 'CUSTOM'])
      expect(
        codesOf(annotated('"false"', `{action: ${action}, rules: [{}]${action === 'CUSTOM' ? ', provider: {name: opa}' : ''}}`)),
      ).toEqual(['dry-run-action']);
    expect(codesOf(annotated('"true"', '{action: DENY, rules: [{}]}'))).toEqual([]);
  });
});

describe('a DENY rule that looks at HTTP only', () => {
  const deny = (body: string, action = 'DENY') => codesOf(policy(`{action: ${action}, rules: [${body}]}`));

  it('is warned about', () => {
    expect(deny('{to: [{operation: {methods: [GET]}}]}')).toEqual(['deny-closes-tcp']);
    expect(deny('{from: [{source: {principals: [a]}}], to: [{operation: {paths: [/a]}}]}')).toEqual(['deny-closes-tcp']);
    expect(deny('{from: [{source: {requestPrincipals: [a]}}]}')).toEqual(['deny-closes-tcp']);
  });

  it('is not one with ports, a connection attribute, no attribute at all, or another action', () => {
    expect(deny('{to: [{operation: {methods: [GET], ports: ["80"]}}]}')).toEqual([]);
    expect(deny('{to: [{operation: {methods: [GET]}}, {operation: {notPorts: ["80"]}}]}')).toEqual([]);
    expect(deny('{from: [{source: {namespaces: [a]}}]}')).toEqual([]);
    expect(deny('{}')).toEqual([]);
    expect(deny('{to: [{operation: {methods: [GET]}}]}', 'ALLOW')).toEqual([]);
  });
});
