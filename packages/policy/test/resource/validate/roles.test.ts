import { describe, expect, it } from 'vitest';
import { upstream } from '../../../src/index.js';
import { codesOf, complaints, only } from '../load.js';

const object = (kind: string, spec: string, name = 'r') =>
  `apiVersion: rbac.istio.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const role = (rule: string) => object('ServiceRole', `{rules: [${rule}]}`);
const constraint = (key: string, values: string) => role(`{constraints: [{key: "${key}", values: ${values}}]}`);
const binding = (subject: string, more = 'roleRef: {kind: ServiceRole, name: r}') =>
  object('ServiceRoleBinding', `{subjects: [${subject}], ${more}}`);
const config = (spec: string, name = 'default') => object('ClusterRbacConfig', spec, name);

describe('a role', () => {
  it('is read in full, in either spelling', () => {
    const text = role(
      '{services: [a], hosts: [h], notPaths: [/p], not_methods: [GET], ports: [80, "81"], constraints: [{key: destination.ip, values: [10.0.0.1]}]}',
    );
    const [rule] = only('ServiceRole', text).rules;
    expect(rule?.terms.map(({ field, negated, values }) => [field, negated, values.map(({ value }) => value)])).toEqual([
      ['hosts', false, ['h']],
      ['methods', true, ['GET']],
      ['paths', true, ['/p']],
      ['ports', false, ['80', '81']],
    ]);
    expect(rule?.constraints[0]).toMatchObject({ key: { value: 'destination.ip' }, values: [{ value: '10.0.0.1' }] });
  });

  it.each([
    ['{path: [/a]}', 'unknown-field: path'],
    ['{constraint: []}', 'unknown-field: constraint'],
    ['{methods: null}', 'wrong-type: null'],
    ['{notPaths: [/a], not_paths: [/b]}', 'role-field-twice: not_paths'],
    ['{methods: [""]}', 'role-value: ""'],
    ['{services: []}', 'empty-list: services: []'],
    ['{services: [a], methods: []}', 'empty-list: methods: []'],
    ['{services: [a], not_ports: []}', 'empty-list: not_ports: []'],
    ['{services: [a], constraints: []}', 'empty-list: constraints: []'],
  ])('with %s is refused in strict only', (rule, complaint) => {
    expect(complaints(role(rule))).toEqual([complaint]);
    expect(codesOf(role(rule), upstream)).toEqual([]);
  });

  it.each([
    'source.namespace',
    'source.principal',
    'request.auth.claims[iss]',
    'Destination.Port',
    'destination.labels.version',
    'destination.labelsX[version]',
    'destination.labels[]',
    'request.headers',
    'request.headers[x',
    'request.headers[x y]',
    'experimental.envoy.filters.network.acme',
    'experimental.envoy.filters.network.acme[]',
    'experimental.acme[k]',
    'custom.key',
  ])('with a constraint %s is refused by name in strict, which upstream drops in silence', (key) => {
    expect(complaints(constraint(key, '[v]'))).toEqual([`role-key: "${key}"`]);
    expect(codesOf(constraint(key, '[v]'), upstream)).toEqual([]);
  });

  it.each([
    ['destination.ip', 'bad', 'invalid-ip-block'],
    ['destination.port', 'http', 'role-value'],
    ['destination.port', '65536', 'role-value'],
    ['destination.port', '+80', 'role-value'],
  ])('with %s %s is refused in strict, which upstream drops in silence', (key, value, code) => {
    expect(complaints(constraint(key, `["${value}"]`))).toEqual([`${code}: "${value}"`]);
    expect(codesOf(constraint(key, `["${value}"]`), upstream)).toEqual([]);
  });

  it.each([
    'destination.ip',
    'destination.port',
    'destination.labels[version]',
    'destination.namespace',
    'destination.user',
    'destination.name',
    'request.headers[X-Custom-Token]',
    'connection.sni',
    ':path',
    ':method',
    ':authority',
    'experimental.envoy.filters.network.mysql_proxy[db.table]',
  ])('may be constrained by %s', (key) => {
    const value = key === 'destination.ip' ? '10.2.0.0/16' : '80';
    expect(codesOf(constraint(key, `["${value}"]`))).toEqual([]);
  });

  it('keeps no constraint twice in strict, and the last one upstream', () => {
    const text = role('{constraints: [{key: destination.ip, values: [10.0.0.1]}, {key: destination.ip, values: [10.0.0.2]}]}');
    expect(codesOf(text)).toEqual(['constraint-repeated']);
    expect(codesOf(text, upstream)).toEqual([]);
  });

  it.each([
    ['{methods: [GET], notMethods: [PUT]}', 'role-opposite-fields'],
    ['{ports: [80], notPorts: [81]}', 'role-opposite-fields'],
    ['{ports: [0]}', 'role-port'],
    ['{notPorts: [65536]}', 'role-port'],
    ['{ports: [http]}', 'wrong-type'],
    ['{ports: [80.5]}', 'wrong-type'],
    ['{constraints: [{key: "", values: [a]}]}', 'constraint-incomplete'],
    ['{constraints: [{key: destination.user, values: []}]}', 'constraint-incomplete'],
    ['{notPorts: [80], constraints: [{key: destination.port, values: ["80"]}]}', 'role-attribute-twice'],
  ])('with %s is refused by both', (rule, code) => {
    expect(codesOf(role(rule))).toEqual([code]);
    expect(codesOf(role(rule), upstream)).toEqual([code]);
  });
});

describe('a binding', () => {
  it.each([
    ['source.service', 'v1'],
    ['request.headers.x', 'v1'],
    ['request.auth.claims', 'v1'],
    ['destination.ip', '10.0.0.1'],
    ['experimental.envoy.filters.network.acme[k]', 'v'],
  ])('with a property %s is refused by name in strict only', (key, value) => {
    const text = binding(`{properties: {"${key}": ${value}}}`);
    expect(complaints(text)).toEqual([`role-key: "${key}"`]);
    expect(codesOf(text, upstream)).toEqual([]);
  });

  it.each([
    ['{properties: {source.ip: 10.0.0}}', 'invalid-ip-block: 10.0.0'],
    ['{ips: [bad]}', 'invalid-ip-block: bad'],
    ['{namespaces: ["shop|zz"]}', 'role-value: "shop|zz"'],
    ['{properties: {source.namespace: team.a}}', 'role-value: team.a'],
    ['{properties: {source.namespace: ""}}', 'role-value: ""'],
    ['{names: [""]}', 'role-value: ""'],
    ['{user: "", namespaces: [shop]}', 'role-value: ""'],
    ['{group: "", namespaces: [shop]}', 'role-value: ""'],
    ['{user: "*", namespaces: []}', 'empty-list: namespaces: []'],
    ['{user: "*", not_ips: []}', 'empty-list: not_ips: []'],
    ['{user: "*", properties: {}}', 'empty-list: properties: {}'],
    ['{user: a, name: x}', 'unknown-field: name'],
  ])('with %s is refused in strict only', (subject, complaint) => {
    expect(complaints(binding(subject))).toEqual([complaint]);
    expect(codesOf(binding(subject), upstream)).toEqual([]);
  });

  it.each([
    ['{names: ["*"]}', 'subject-star'],
    ['{notNames: ["*"]}', 'subject-star'],
    ['{}', 'empty-subject'],
    ['{properties: {}}', 'empty-subject'],
    ['{names: [], groups: []}', 'empty-subject'],
    ['{user: ""}', 'empty-subject'],
    ['{names: [a], properties: {source.principal: a}}', 'role-attribute-twice'],
    ['{ips: [10.0.0.1], properties: {source.ip: 10.0.0.1}}', 'role-attribute-twice'],
    ['{user: 5, names: [a]}', 'wrong-type'],
  ])('with %s is refused by both', (subject, code) => {
    expect(codesOf(binding(subject))).toEqual([code]);
    expect(codesOf(binding(subject), upstream)).toEqual([code]);
  });

  it.each([
    ['roleRef: {kind: Role, name: r}', ['binding-role']],
    ['roleRef: {kind: ServiceRole, name: ""}', ['binding-role']],
    ['actions: []', ['binding-role']],
    ['role: /', ['binding-role', 'binding-without-role-ref']],
    ['role: r', ['binding-without-role-ref']],
    ['actions: [{services: [a]}]', ['binding-without-role-ref']],
    ['role: r, roleRef: {kind: ServiceRole, name: r}', ['binding-role']],
  ])('with %s is refused', (more, codes) => {
    expect(codesOf(binding('{user: "*"}', more), upstream).sort()).toEqual(codes);
  });
});

describe('the switch', () => {
  it.each([
    ['{mode: "ON"}', 'ON', false],
    ['{mode: 3, exclusion: {}}', 'ON_WITH_EXCLUSION', false],
    ['{mode: 1, enforcement_mode: PERMISSIVE}', 'ON', true],
    ['{}', 'OFF', false],
  ])('%s is mode %s', (spec, mode, permissive) => {
    expect(only('ClusterRbacConfig', config(spec))).toMatchObject({ mode, permissive, metadata: { namespace: '' } });
  });

  it('includes nothing by an empty list, of which strict warns', () => {
    const text = config('{mode: ON_WITH_INCLUSION, inclusion: {namespaces: [], services: [a.shop.svc.cluster.local]}}');
    expect(complaints(text)).toEqual(['rbac-includes-nothing: namespaces: []']);
    expect(codesOf(text, upstream)).toEqual([]);
    expect(codesOf(config('{mode: ON_WITH_EXCLUSION, exclusion: {namespaces: []}}'))).toEqual([]);
  });

  it.each([
    'services: [api]',
    'services: ["*"]',
    'services: ["*.shop.svc.cluster.local*"]',
    'namespaces: [sho*]',
    'namespaces: [""]',
  ])('includes nothing by %s, of which strict warns, and excludes nothing by it either', (target) => {
    const included = config(`{mode: ON_WITH_INCLUSION, inclusion: {${target}}}`);
    expect(codesOf(included)).toEqual(['rbac-includes-nothing']);
    expect(codesOf(included, upstream)).toEqual([]);
    expect(codesOf(config(`{mode: ON_WITH_EXCLUSION, exclusion: {${target}}}`))).toEqual([]);
  });

  it('includes hosts of a ServiceEntry, with a star for their first label, too', () => {
    expect(codesOf(config('{mode: ON_WITH_INCLUSION, inclusion: {services: ["*.db.example", a.example]}}'))).toEqual([]);
  });

  it('takes an unknown number for off upstream, and is refused for it in strict', () => {
    expect(only('ClusterRbacConfig', config('{mode: 9}'), upstream).mode).toBe('OFF');
    expect(complaints(config('{mode: 9}'))).toEqual(['unknown-value: 9']);
  });

  it.each([
    ['{mode: ON}', 'default', 'wrong-type'],
    ['{mode: ENABLED}', 'default', 'unknown-value'],
    ['{mode: "ON"}', 'other', 'rbac-config-name'],
    ['{mode: ON_WITH_INCLUSION}', 'default', 'rbac-config-target'],
    ['{mode: ON_WITH_EXCLUSION, inclusion: {}}', 'default', 'rbac-config-target'],
  ])('%s named %s is refused', (spec, name, code) => {
    expect(codesOf(config(spec, name))).toEqual([code]);
    expect(codesOf(config(spec, name), upstream)).toEqual([code]);
  });
});

describe('the reader of the time', () => {
  it('knows kinds by name alone and takes the last of repeated keys, in upstream', () => {
    const unversioned = 'kind: ServiceRole\nmetadata: {name: r}\nspec: {rules: [{services: [a]}]}\n';
    expect(codesOf(unversioned, upstream)).toEqual([]);
    expect(codesOf(unversioned)).toEqual(['missing-field']);
    const repeated =
      'apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {name: r}\nspec: {rules: [{services: [a], services: [b]}]}\n';
    expect(only('ServiceRole', repeated, upstream).rules[0]?.services.map(({ value }) => value)).toEqual(['b']);
    expect(codesOf(repeated)).toEqual(['duplicate-key']);
  });
});
