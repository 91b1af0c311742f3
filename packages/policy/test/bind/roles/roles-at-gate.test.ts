import { describe, expect, it } from 'vitest';
import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  connectionDecider,
  type Dialect,
  requestDecider,
  strict,
  upstream,
} from '../../../src/index.js';
import { ask, documents, findingsOf, inventoryOf, namespace, pod, policy, service, waypoint } from '../../explain/mesh.js';

const rbac = (kind: string, name: string, spec: string) =>
  `apiVersion: rbac.istio.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const on = rbac('ClusterRbacConfig', 'default', '{mode: "ON"}');
const role = (rules: string, name = 'r') => rbac('ServiceRole', name, `{rules: [${rules}]}`);
const bound = (subjects = '{user: "*"}', name = 'r', mode = '') =>
  rbac('ServiceRoleBinding', `b-${name}`, `{subjects: [${subjects}], roleRef: {kind: ServiceRole, name: ${name}}${mode}}`);

const labelled = (name: string, address: string, version: string) =>
  pod('shop', name, address).replace(`labels: {app: ${name}}`, `labels: {app: cart, version: ${version}}`);
const workloads = [
  pod('shop', 'web', '10.0.0.1'),
  labelled('cart1', '10.0.0.3', 'v1'),
  labelled('cart2', '10.0.0.4', 'v2'),
  service('shop', 'cart', '10.1.0.3'),
];
const plain = documents(namespace('shop'), ...workloads, on);
const fronted = documents(namespace('shop', 'istio.io/use-waypoint: waypoint'), ...workloads, waypoint('shop'), on);

const web = 'spiffe://cluster.local/ns/shop/sa/web';
const identityOf = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
const get = { method: 'GET', path: '/', authority: 'cart', headers: [], httpVersion: 1 } as const;

function atZtunnel(text: string, pod: string, port = 8080, identity = web, dialect: Dialect = strict) {
  const inventory = inventoryOf(text, dialect);
  const workload = inventory.workloads.get(`shop/${pod}`);
  if (workload === undefined) throw new Error(`no ${pod}`);
  const connection = { identity, sourceIp: '10.0.0.1', destinationIp: workload.address, destinationPort: port };
  return connectionDecider(inventory, bindZtunnel(inventory, workload)).connection(connection);
}

function atWaypoint(text: string, request: object = {}, dialect: Dialect = strict) {
  const inventory = inventoryOf(text, dialect);
  const [gateway] = inventory.gateways.values();
  const cart = inventory.services.get('Service/shop/cart');
  if (gateway === undefined || cart === undefined) throw new Error('no waypoint');
  const decider = requestDecider(inventory, bindWaypoint(inventory, gateway, cart));
  const connection = { identity: web, sourceIp: '10.0.0.1', destinationIp: '10.1.0.3', destinationPort: 80 };
  return decider.request(connection, { ...get, ...request });
}

describe('roles at a waypoint', () => {
  it('have to grant for every workload that a request may reach', () => {
    const v1 = role('{constraints: [{key: "destination.labels[version]", values: [v1]}]}');
    const v2 = role('{constraints: [{key: "destination.labels[version]", values: [v2]}]}', 's');
    expect(atWaypoint(documents(fronted, v1, bound()))).toMatchObject({ effect: 'deny', reason: 'no-role-match' });
    expect(atWaypoint(documents(fronted, v1, v2, bound(), bound('{user: "*"}', 's')))).toMatchObject({
      effect: 'allow',
      reason: 'role-match',
      policy: { kind: 'ServiceRole', namespace: 'shop' },
      binding: { kind: 'ServiceRoleBinding', rule: 0 },
    });
  });

  it('see the port and the address of each workload', () => {
    const ports = role('{ports: [8080], constraints: [{key: destination.ip, values: [10.0.0.0/24]}]}');
    expect(atWaypoint(documents(fronted, ports, bound())).effect).toBe('allow');
    expect(atWaypoint(documents(fronted, role('{ports: [80]}'), bound())).effect).toBe('deny');
  });

  it('judge also what reaches no workload of the mesh', () => {
    const outside =
      'apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {clusterIP: 10.1.0.3, ports: [{name: http, port: 80}]}\n';
    const text = documents(namespace('shop', 'istio.io/use-waypoint: waypoint'), outside, waypoint('shop'), on);
    expect(atWaypoint(text).reason).toBe('no-role-match');
    expect(atWaypoint(documents(text, role('{services: ["*"]}'), bound())).reason).toBe('role-match');
  });

  it('have to grant also what a route leads to, which lies behind the same waypoint', () => {
    const other = documents(pod('shop', 'till', '10.0.0.5'), service('shop', 'till', '10.1.0.5'));
    const route =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: to-till, namespace: shop}\nspec: {parentRefs: [{group: "", kind: Service, name: cart, port: 80}], rules: [{backendRefs: [{name: till, port: 80}]}]}\n';
    const cart = documents(role('{services: [cart.shop.svc.cluster.local]}'), bound());
    const till = documents(role('{services: [till.shop.svc.cluster.local], ports: [8080]}', 's'), bound('{user: "*"}', 's'));
    expect(atWaypoint(documents(fronted, other, cart)).effect).toBe('allow');
    expect(atWaypoint(documents(fronted, other, cart, route))).toMatchObject({ effect: 'deny', reason: 'no-role-match' });
    expect(atWaypoint(documents(fronted, other, cart, till, route)).effect).toBe('allow');
  });

  it('close the gate in upstream where Envoy refuses it, and name the role and its place', () => {
    const odd = documents(fronted, role('{services: ["*"]}'), bound('{namespaces: ["("]}'));
    const verdict = atWaypoint(odd, {}, upstream);
    expect(verdict).toMatchObject({ effect: 'deny', reason: 'unsupported-policy', policy: { kind: 'ServiceRole', name: 'r' } });
    expect(findingsOf(odd, 'role-refused', upstream)).toHaveLength(1);
    expect(() => inventoryOf(odd)).toThrow('not a namespace');
  });

  it('are tried out where the binding says so, beside what is enforced', () => {
    const text = documents(fronted, role('{methods: [GET]}'), bound('{user: "*"}', 'r', ', mode: PERMISSIVE'));
    expect(atWaypoint(text)).toMatchObject({ effect: 'deny', dryRun: { effect: 'allow', policy: { name: 'r' } } });
    expect(atWaypoint(text, { method: 'PUT' })).toMatchObject({ effect: 'deny', dryRun: { effect: 'deny' } });
  });
});

describe('roles at a ztunnel', () => {
  it('grant by what a connection shows, and by HTTP nothing', () => {
    expect(atZtunnel(documents(plain, role('{ports: [8080]}'), bound()), 'cart1').reason).toBe('role-match');
    expect(atZtunnel(documents(plain, role('{methods: [GET]}'), bound()), 'cart1').reason).toBe('no-role-match');
    expect(atZtunnel(documents(plain, role('{services: ["*"]}'), bound('{group: "*"}')), 'cart1').reason).toBe('no-role-match');
  });

  it('are those of the workload itself', () => {
    const v1 = documents(plain, role('{constraints: [{key: "destination.labels[version]", values: [v1]}]}'), bound());
    expect(atZtunnel(v1, 'cart1').effect).toBe('allow');
    expect(atZtunnel(v1, 'cart2').effect).toBe('deny');
  });

  it('concern no port, and no workload, that is behind no service', () => {
    expect(atZtunnel(plain, 'cart1', 9999).reason).toBe('no-policy');
    expect(atZtunnel(plain, 'web').reason).toBe('no-policy');
  });

  it('leave to its waypoint what comes from there, and refuse what goes around it', () => {
    expect(atZtunnel(fronted, 'cart1', 8080, identityOf('waypoint')).reason).toBe('no-policy');
    expect(atZtunnel(fronted, 'cart1', 8080, identityOf('web')).reason).toBe('no-role-match');
  });

  it('are out of force for workloads that an AuthorizationPolicy selects, which check says', () => {
    const replaced = documents(
      plain,
      role('{services: ["*"]}'),
      bound(),
      policy('shop', 'p', '{selector: {matchLabels: {version: v1}}, rules: []}'),
    );
    expect(atZtunnel(replaced, 'cart1').reason).toBe('no-allow-match');
    expect(atZtunnel(replaced, 'cart2').reason).toBe('role-match');
    expect(findingsOf(replaced, 'role-not-in-force').map(({ message }) => message)).toEqual([
      expect.stringContaining('`cart.shop.svc.cluster.local`'),
    ]);
  });
});

describe('roles at an ingress gateway', () => {
  it('are those of its own service', () => {
    const gateway =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}\n';
    const decide = (roles: string) => {
      const inventory = inventoryOf(documents(plain, gateway, roles));
      const edge = inventory.gateways.get('shop/edge');
      if (edge === undefined) throw new Error('no gateway');
      const connection = { sourceIp: '203.0.113.1', destinationIp: edge.workload.address, destinationPort: 80 };
      return requestDecider(inventory, bindGateway(inventory, edge)).request(connection, get);
    };
    const own = role('{services: [edge-istio.shop.svc.cluster.local]}');
    expect(decide(documents(own, bound())).reason).toBe('role-match');
    expect(decide(documents(role('{services: [cart.shop.svc.cluster.local]}'), bound())).reason).toBe('no-role-match');
  });
});

describe('what people are told', () => {
  const text = documents(fronted, role('{services: ["*"], methods: [GET]}'), bound('{names: [cluster.local/ns/shop/sa/web]}'));

  it('explain names role and binding, with their places', () => {
    const explanation = ask(text, { from: 'shop/web', to: 'http://cart.shop/' });
    const gate = explanation.gates.find((each) => each.gate === 'waypoint');
    expect(gate).toMatchObject({
      reason: 'role-match',
      policy: 'shop/r',
      kind: 'ServiceRole',
      rule: 0,
      binding: { policy: 'shop/b-r', subject: 0, file: 'mesh.yaml' },
    });
    expect(gate?.enforced.map(({ policy: name, action }) => `${action} ${name}`)).toEqual(['RBAC default', 'role shop/r']);
    expect(explanation.effect).toBe('allow');
  });

  it('explain says what turned RBAC on where nothing grants', () => {
    const explanation = ask(text, { from: 'shop/web', to: 'http://cart.shop/', method: 'PUT' });
    expect(explanation.gates.at(-1)).toMatchObject({ effect: 'deny', reason: 'no-role-match', kind: 'ClusterRbacConfig' });
  });

  it('check finds what grants nothing, or more than it seems', () => {
    const odd = documents(
      plain,
      role('{services: [cart], methods: [GET]}'),
      bound('{properties: {source.principal: "*"}}'),
      role('{services: ["*"]}', 'lonely'),
      bound('{group: x}', 'missing'),
    );
    const messages = (code: Parameters<typeof findingsOf>[1]) => findingsOf(odd, code).map(({ message }) => message);
    expect(messages('role-without-effect')).toEqual([
      '`cart` is no service of namespace `shop`',
      'role `shop/lonely` grants nothing: no binding names it',
      'binding `shop/b-missing` grants nothing: its namespace has no role `missing`',
    ]);
    expect(messages('role-for-anyone')).toHaveLength(1);
    const http = documents(plain, role('{services: ["*"], methods: [GET]}'), bound('{group: x}'));
    expect(findingsOf(http, 'role-at-tcp').map(({ message }) => message)).toEqual([
      expect.stringContaining('rule 0 of role `shop/r` looks at HTTP'),
      expect.stringContaining('subject 0 of binding `shop/b-r` cannot be evaluated for TCP'),
    ]);
  });

  it('check says where policies of the waypoint have taken the place of roles', () => {
    const target = policy('shop', 'p', '{targetRefs: [{kind: Service, group: "", name: cart}], rules: [{}]}');
    const replaced = documents(fronted, role('{services: ["*"]}'), bound(), target);
    expect(atWaypoint(replaced).reason).toBe('allow-policy');
    expect(findingsOf(replaced, 'role-not-in-force')).toHaveLength(1);
    expect(findingsOf(documents(fronted, role('{services: ["*"]}'), bound()), 'role-not-in-force')).toEqual([]);
  });

  it('check says that roles without a switch are in force nowhere', () => {
    const off = documents(namespace('shop'), ...workloads, role('{services: ["*"]}'), bound());
    expect(findingsOf(off, 'role-not-in-force')).toHaveLength(1);
    expect(findingsOf(documents(off, on), 'role-not-in-force')).toEqual([]);
  });
});
