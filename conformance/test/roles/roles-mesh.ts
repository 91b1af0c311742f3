import { publicKeys, signToken } from '../../src/cases/sign-token.js';

/** One thing that a role or a binding may ask for, with a path or a port of its own, so that nothing else decides on it. */
export interface KeyUnderTest {
  /** As it is written: `destination.ip`, `notNames`. */
  readonly key: string;
  readonly expect: 'allow' | 'deny';
  /** Fields of the rule; one that is made from its port stands alone, others stand beside their path or port. */
  readonly rule?: object | ((port: number) => object);
  /** Fields of the subject, where it is not anyone. */
  readonly subject?: object;
  readonly request?: readonly string[];
  readonly from?: 'web' | 'batch';
}

const constraint = (key: string, ...values: readonly string[]): object => ({ constraints: [{ key, values }] });
const pair = (key: string, allowing: object, denying: object): readonly KeyUnderTest[] => [
  { key, expect: 'allow', rule: allowing },
  { key, expect: 'deny', rule: denying },
];
const clients = (key: string, subject: object): readonly KeyUnderTest[] => [
  { key, expect: 'allow', subject },
  { key, expect: 'deny', subject, from: 'batch' },
];

const podIp = '10.0.0.2';
const webIp = '10.0.0.9';
const batchIp = '10.0.0.10';

const issuer = 'https://accounts.my-svc.com';

/** What a binding may ask of the token of a request, and claims by which another token is nobody's. */
const tokenProperties: readonly (readonly [key: string, value: string, otherwise: object])[] = [
  ['request.auth.principal', `${issuer}/ann`, { sub: 'bob' }],
  ['request.auth.audiences', 'my-svc.com', { aud: 'other.com' }],
  ['request.auth.presenter', '123.my-svc.com', { azp: '456.my-svc.com' }],
  ['request.auth.claims[email]', '*@foo.com', { email: 'ann@bar.com' }],
  ['request.auth.claims[iss]', issuer, { iss: 'https://other.example' }],
];

/** What the page of keys marks as supported for TCP, as far as no filter has to publish anything. */
const anywhere: readonly KeyUnderTest[] = [
  ...pair('destination.ip', constraint('destination.ip', `${podIp}/32`), constraint('destination.ip', '10.9.0.0/16')),
  ...pair('destination.labels', constraint('destination.labels[version]', 'v1'), constraint('destination.labels[version]', 'v2')),
  ...pair('destination.namespace', constraint('destination.namespace', 'shop'), constraint('destination.namespace', 'other')),
  ...pair('destination.user', constraint('destination.user', 'api'), constraint('destination.user', 'web')),
  ...pair('services', { services: ['api.shop.svc.cluster.local'] }, { services: ['api'] }),
  ...clients('source.ip', { properties: { 'source.ip': `${webIp}/32` } }),
  ...clients('source.principal', { properties: { 'source.principal': 'cluster.local/ns/shop/sa/web' } }),
  ...clients('user', { user: 'cluster.local/ns/shop/sa/we*' }),
  ...clients('notIps', { notIps: [batchIp] }),
  ...clients('notNames', { notNames: ['cluster.local/ns/shop/sa/batch'] }),
  { key: 'source.namespace', expect: 'allow', subject: { properties: { 'source.namespace': 'shop' } } },
  { key: 'source.namespace', expect: 'deny', subject: { properties: { 'source.namespace': 'other' } } },
];

/** One key for each port of the TCP service: the port of the workload is the number of the key. */
export const tcpKeys: readonly KeyUnderTest[] = [
  ...anywhere,
  { key: 'destination.port', expect: 'allow', rule: (port) => constraint('destination.port', '1', String(port)) },
  { key: 'destination.port', expect: 'deny', rule: () => constraint('destination.port', '1') },
  { key: 'paths', expect: 'deny', rule: { paths: ['*'] } },
  { key: 'request.headers', expect: 'deny', rule: constraint('request.headers[host]', '*') },
  ...['request.headers[User-Agent]', ...tokenProperties.map(([key]) => key)].map(
    (key): KeyUnderTest => ({ key, expect: 'deny', subject: { properties: { [key]: '*' } } }),
  ),
];

function tokenOf(claims: object): readonly string[] {
  const payload = { iss: issuer, sub: 'ann', aud: 'my-svc.com', azp: '123.my-svc.com', ...claims };
  return ['--header', `authorization: Bearer ${signToken({ claims: payload })}`];
}

/** One key for each path of the HTTP service. */
export const httpKeys: readonly KeyUnderTest[] = [
  ...anywhere,
  ...pair('destination.port', constraint('destination.port', '8080'), constraint('destination.port', '80')),
  ...['Mozilla/5.0', 'curl/8'].map(
    (agent): KeyUnderTest => ({
      key: 'request.headers of a rule',
      expect: agent.startsWith('Mozilla') ? 'allow' : 'deny',
      rule: constraint('request.headers[User-Agent]', 'Mozilla/*'),
      request: ['--user-agent', agent],
    }),
  ),
  ...['abc123', 'ABC123'].map(
    (token): KeyUnderTest => ({
      key: 'request.headers of a subject',
      expect: token === 'abc123' ? 'allow' : 'deny',
      subject: { properties: { 'request.headers[X-Custom-Token]': 'abc123' } },
      request: ['--header', `x-custom-token: ${token}`],
    }),
  ),
  ...tokenProperties.flatMap(([key, value, otherwise]): KeyUnderTest[] => [
    { key, expect: 'allow', subject: { properties: { [key]: value } }, request: tokenOf({ email: 'ann@foo.com' }) },
    { key, expect: 'deny', subject: { properties: { [key]: value } }, request: tokenOf({ email: 'ann@foo.com', ...otherwise }) },
    { key: `${key} without a token`, expect: 'deny', subject: { properties: { [key]: '*' } } },
  ]),
  ...['GET', 'DELETE'].map(
    (method): KeyUnderTest => ({
      key: 'methods',
      expect: method === 'GET' ? 'allow' : 'deny',
      rule: { methods: ['GET', 'HEAD'] },
      request: ['--request', method],
    }),
  ),
  ...['api.shop:80', 'admin.shop'].map(
    (host): KeyUnderTest => ({
      key: 'notHosts',
      expect: host === 'admin.shop' ? 'deny' : 'allow',
      rule: { notHosts: ['admin.*'] },
      request: ['--header', `host: ${host}`],
    }),
  ),
];

/** Where each key has its path, or its port. */
export const pathOf = (index: number): string => `/key-${index}`;
export const portOf = (index: number): number => 9000 + index;

function object(kind: string, name: string, spec: object, more: object = {}): object {
  const version = { Service: 'v1', Pod: 'v1', Namespace: 'v1', Gateway: 'gateway.networking.k8s.io/v1' }[kind];
  return {
    apiVersion: version ?? 'rbac.istio.io/v1alpha1',
    kind,
    metadata: { name, ...(kind === 'Namespace' ? {} : { namespace: 'shop' }), ...more },
    spec,
  };
}

function pod(name: string, ip: string, ports: readonly number[], more: object): object {
  const containers = [{ name, image: name, ports: ports.map((containerPort) => ({ containerPort })) }];
  return { ...object('Pod', name, { serviceAccountName: name, containers }, more), status: { podIP: ip } };
}

const listening = [8080, ...tcpKeys.map((_, index) => portOf(index))];
const servicePort = (port: number, targetPort: number, name: string): object => ({ name, port, targetPort });

function workloads(): readonly object[] {
  const selector = { app: 'api' };
  const run = { annotations: { 'sallyport/run': `node app.mjs ${listening.join(' ')}` } };
  const tcp = tcpKeys.map((_, index) => servicePort(portOf(index), portOf(index), `tcp-${portOf(index)}`));
  return [
    object('Namespace', 'shop', {}, { labels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' } }),
    object('Gateway', 'waypoint', {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    }),
    pod('api', podIp, listening, { labels: { app: 'api', version: 'v1' }, ...run }),
    pod('web', webIp, [], { labels: { app: 'web' } }),
    pod('batch', batchIp, [], { labels: { app: 'batch' } }),
    object('Service', 'api', { selector, ports: [servicePort(80, 8080, 'http'), ...tcp] }),
  ];
}

/** Both issuers of the tokens sign with the same keys: which of the two a token is of is for the bindings to ask. */
function tokens(): object {
  const jwks = publicKeys(['first']);
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'tokens', namespace: 'shop' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'api' }],
      jwtRules: [
        { issuer, jwks },
        { issuer: 'https://other.example', jwks },
      ],
    },
  };
}

function grants(keys: readonly KeyUnderTest[], placeOf: (index: number) => object): readonly object[] {
  return keys.flatMap(({ key, rule, subject }, index) => {
    const name = `${'paths' in placeOf(index) ? 'http' : 'tcp'}-${index}`;
    const rules = [typeof rule === 'function' ? rule(portOf(index)) : { ...placeOf(index), ...rule }];
    const subjects = [subject ?? { user: '*' }];
    return [
      object('ServiceRole', name, { rules }, { labels: { key: key.split(/[ []/)[0] } }),
      object('ServiceRoleBinding', name, { subjects, roleRef: { kind: 'ServiceRole', name } }),
    ];
  });
}

/** The manifests of a mesh whose waypoint judges by roles alone. */
export function rolesMesh(): string {
  const objects = [
    ...workloads(),
    tokens(),
    object('ClusterRbacConfig', 'default', { mode: 'ON_WITH_INCLUSION', inclusion: { namespaces: ['shop'] } }),
    ...grants(httpKeys, (index) => ({ paths: [pathOf(index)] })),
    ...grants(tcpKeys, (index) => ({ ports: [portOf(index)] })),
  ];
  return `${objects.map((each) => JSON.stringify(each)).join('\n---\n')}\n`;
}

/** Answers every request, on each port that it is given. */
export const application = `import { createServer } from 'node:http';
const servers = process.argv.slice(2).map((port) =>
  createServer((_, response) => response.end('reached')).listen(Number(port), process.env.HOST),
);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => servers.forEach((server) => server.close().closeAllConnections()));
`;
