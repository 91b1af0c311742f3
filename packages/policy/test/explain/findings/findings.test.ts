import { describe, expect, it } from 'vitest';
import { findingCodes } from '../../../src/diagnostic/codes/findings.js';
import { checkFiles, type DiagnosticCode, diagnosticCodes, strict, upstream } from '../../../src/index.js';
import { documents, findingsOf, namespace, pod, policy, service, shop, shopWithWaypoint, waypoint } from '../mesh.js';

const codes = Object.keys(findingCodes) as (keyof typeof findingCodes)[];
const onlyWaypoint = policy(
  'shop',
  'only-waypoint',
  '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/waypoint]}}]}]}',
);
const getOnly = policy(
  'shop',
  'get-only',
  '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
);
const l4 = (source: string, action = 'ALLOW') =>
  policy('shop', 'l4', `{selector: {matchLabels: {app: cart}}, action: ${action}, rules: [{from: [{source: ${source}}]}]}`);

describe('every finding', () => {
  it.each(codes)('%s is reported on its own example', (code) => {
    const found = findingsOf(diagnosticCodes[code].example, code);
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) {
      expect(one).toMatchObject({ kind: diagnosticCodes[code].kind, severity: diagnosticCodes[code].severity });
      expect(one.message).not.toContain('\n');
      expect(one.span.file).toBe('mesh.yaml');
    }
  });

  it.each(codes)('%s is silent on a mesh without policies', (code) => {
    expect(findingsOf(shop, code)).toEqual([]);
    expect(findingsOf(shopWithWaypoint, code)).toEqual([]);
  });

  it('is silent, whichever it is, on a mesh whose two policies belong together', () => {
    const mesh = documents(shopWithWaypoint, getOnly, onlyWaypoint);
    const { diagnostics } = checkFiles([{ path: 'mesh.yaml', text: mesh }], strict);
    expect(diagnostics.map((one) => one.message)).toEqual([]);
  });
});

/** The example of each code and the same, repaired. */
const repaired: readonly (readonly [DiagnosticCode, string])[] = [
  ['waypoint-bypass', documents(shopWithWaypoint, getOnly, onlyWaypoint)],
  ['dialects-differ', documents(shop, l4('{principals: [cluster.local/ns/shop/sa/web]}', 'DENY'))],
  ['l7-at-ztunnel', documents(shopWithWaypoint, getOnly)],
  [
    'l7-at-ztunnel',
    documents(
      shop,
      policy(
        'shop',
        'try',
        '{selector: {matchLabels: {app: cart}}, rules: [{to: [{operation: {methods: [GET]}}]}]}',
        'istio.io/dry-run: "true"',
      ),
    ),
  ],
  ['policy-without-waypoint', documents(shopWithWaypoint, getOnly)],
  ['policy-not-enforced', documents(shop, l4('{namespaces: [shop]}'))],
  ['policy-not-enforced', documents(shopWithWaypoint, getOnly)],
  ['policy-on-unenrolled', documents(shop, l4('{namespaces: [shop]}'))],
  [
    'waypoint-not-admitted',
    documents(shopWithWaypoint, l4('{principals: [cluster.local/ns/shop/sa/web, cluster.local/ns/shop/sa/waypoint]}')),
  ],
  ['waypoint-not-admitted', documents(shopWithWaypoint, l4('{namespaces: [shop]}'))],
  ['waypoint-not-admitted', documents(shop, l4('{principals: [cluster.local/ns/shop/sa/web]}'))],
  [
    'waypoint-unavailable',
    documents(
      namespace('shop', 'istio.io/use-waypoint: none'),
      pod('shop', 'cart', '10.0.0.3'),
      service('shop', 'cart', '10.1.0.3'),
    ),
  ],
  [
    'ingress-skips-waypoint',
    diagnosticCodes['ingress-skips-waypoint'].example.replace(
      'istio.io/use-waypoint: waypoint',
      'istio.io/use-waypoint: waypoint\n    istio.io/ingress-use-waypoint: "true"',
    ),
  ],
  ['principal-with-scheme', documents(shop, l4('{principals: [cluster.local/ns/shop/sa/web]}'))],
  ['cluster-local-principal', diagnosticCodes['cluster-local-principal'].example.replace('cluster.local/ns', 'shop.example/ns')],
  [
    'trust-domains-at-ztunnel',
    documents(
      shopWithWaypoint,
      policy(
        'shop',
        'td',
        '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{from: [{source: {trustDomains: [cluster.local]}}]}]}',
      ),
    ),
  ],
  [
    'never-matches',
    documents(
      shopWithWaypoint,
      policy(
        'shop',
        'paths',
        '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{to: [{operation: {paths: ["/*", "*", "*.html", "/{*}/a", "/A"], notPaths: ["/a*"]}}], when: [{key: connection.sni, values: ["*", "*.shop.example", "a-1*"]}]}]}',
      ),
    ),
  ],
  [
    'request-principal-trap',
    documents(
      shopWithWaypoint,
      policy(
        'shop',
        'token',
        '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{from: [{source: {requestPrincipals: ["https://issuer.example/*", "*", "issuer/sub", "https*", "*@example.com"]}}]}]}',
      ),
    ),
  ],
];

describe('a repaired manifest', () => {
  it.each(repaired)('does not report %s', (code, text) => {
    const { diagnostics } = checkFiles([{ path: 'mesh.yaml', text }], strict);
    expect(diagnostics.filter((one) => one.kind === 'invalid').map((one) => one.message)).toEqual([]);
    expect(diagnostics.filter((one) => one.code === code).map((one) => one.message)).toEqual([]);
  });

  it('does not report dry-run-at-ztunnel where the flag is on', () => {
    const { example } = diagnosticCodes['dry-run-at-ztunnel'];
    const flags = { AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY: 'true' };
    expect(findingsOf(example, 'dry-run-at-ztunnel', { name: 'upstream', flags })).toEqual([]);
    expect(findingsOf(example, 'dry-run-at-ztunnel', upstream)).toHaveLength(1);
  });
});

describe('waypoint-bypass', () => {
  it('prints a policy that makes it go away', () => {
    const mesh = documents(shopWithWaypoint, getOnly);
    const [found] = findingsOf(mesh, 'waypoint-bypass');
    expect(found?.message).toContain('pod address');
    expect(found?.message).toContain('plaintext');
    expect(found?.suggestion).toContain('cluster.local/ns/shop/sa/waypoint');
    const { diagnostics } = checkFiles([{ path: 'mesh.yaml', text: documents(mesh, found?.suggestion ?? '') }], strict);
    expect(diagnostics.map((one) => one.message)).toEqual([]);
  });

  it('prints one that works beside an ALLOW policy which admits others', () => {
    const mesh = documents(shopWithWaypoint, getOnly, l4('{principals: [cluster.local/ns/shop/sa/web]}'));
    const [found] = findingsOf(mesh, 'waypoint-bypass');
    expect(found?.message).toContain('`cluster.local/ns/shop/sa/web`');
    expect(found?.message).not.toContain('plaintext');
    const after = documents(mesh, found?.suggestion ?? '');
    expect(findingsOf(after, 'waypoint-bypass')).toEqual([]);
    expect(findingsOf(after, 'waypoint-not-admitted')).toEqual([]);
  });

  it('finds an identity that only a prefix, a namespace or an address block admits', () => {
    for (const source of [
      '{principals: ["cluster.local/ns/oth*"]}',
      '{namespaces: [other]}',
      '{serviceAccounts: [other/batch]}',
      '{ipBlocks: [10.9.0.0/16]}',
      '{notPrincipals: ["cluster.local/ns/shop/sa/web"]}',
    ]) {
      const found = findingsOf(documents(shopWithWaypoint, getOnly, l4(source)), 'waypoint-bypass');
      expect(found, source).toHaveLength(1);
    }
  });

  it('names the gateway as a way around', () => {
    const [found] = findingsOf(
      diagnosticCodes['ingress-skips-waypoint'].example
        .split('---\n')
        .filter((text) => !text.includes('only-from-waypoint'))
        .join('---\n'),
      'waypoint-bypass',
    );
    expect(found?.message).toContain('gateway `shop/edge`');
  });

  it('leaves a waypoint alone whose policies decide nothing', () => {
    const audit = policy('shop', 'audit', '{targetRefs: [{group: "", kind: Service, name: cart}], action: AUDIT, rules: [{}]}');
    expect(findingsOf(documents(shopWithWaypoint, audit), 'waypoint-bypass')).toEqual([]);
  });

  it('accepts each waypoint of a workload that is behind two', () => {
    const mesh = documents(
      namespace('shop'),
      pod('shop', 'cart', '10.0.0.3'),
      service('shop', 'cart', '10.1.0.3', { labels: 'istio.io/use-waypoint: waypoint' }),
      service('shop', 'basket', '10.1.0.4', { app: 'cart', labels: 'istio.io/use-waypoint: second' }),
      waypoint('shop'),
      waypoint('shop', 'second'),
      getOnly,
      l4('{principals: [cluster.local/ns/shop/sa/waypoint, cluster.local/ns/shop/sa/second]}'),
    );
    expect(findingsOf(mesh, 'waypoint-bypass')).toEqual([]);
  });
});

describe('policy-without-waypoint', () => {
  it('is an error where it closes workloads, in strict, and a policy without effect in upstream', () => {
    expect(findingsOf(documents(shop, getOnly), 'policy-without-waypoint')).toHaveLength(1);
    expect(findingsOf(documents(shop, getOnly), 'policy-without-waypoint', upstream)).toEqual([]);
    expect(findingsOf(documents(shop, getOnly), 'dialects-differ', upstream)).toHaveLength(1);
  });
});

describe('dialects-differ', () => {
  it('prints the request that shows the difference', () => {
    const [found] = findingsOf(documents(shop, l4('{principals: ["*"], trustDomains: [other.example]}')), 'dialects-differ');
    expect(found?.message).toMatch(/^strict denies and upstream allows at the ztunnel of `shop\/cart`: .*port 8080$/);
  });

  it('reports an object that only strict refuses, in upstream', () => {
    const odd = policy(
      'shop',
      'odd',
      '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{when: [{key: "request.headersX[a]", values: [b]}]}]}',
    );
    const found = findingsOf(documents(shopWithWaypoint, odd), 'dialects-differ', upstream);
    expect(found.map((one) => one.message).join()).toContain('strict refuses');
  });

  it('never asks about an identity that no peer can have', () => {
    const odd = l4(
      '{principals: ["a/b", "*", "spiffe://cluster.local/ns/shop/sa/web", "*/sa", "cluster.local/ns*"], trustDomains: [other.example]}',
    );
    const found = findingsOf(documents(shop, odd), 'dialects-differ');
    for (const { message, hint } of found) expect(`${message} ${hint}`).not.toContain('internal-error');
  });

  it('reports a port on which a PeerAuthentication counts in one dialect only', () => {
    const mtls = (namespaceName: string, name: string, spec: string) =>
      `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: ${name}, namespace: ${namespaceName}}\nspec: ${spec}\n`;
    const meshStrict = mtls('istio-system', 'default', '{mtls: {mode: STRICT}}');
    const port = mtls(
      'shop',
      'cart',
      '{selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {8080: {mode: STRICT}}}',
    );
    expect(findingsOf(documents(shop, meshStrict, port), 'dialects-differ').map((one) => one.message)).toEqual([
      'strict denies and upstream allows plaintext to `shop/cart:8080`, by PeerAuthentication `shop/cart`',
    ]);
    expect(findingsOf(documents(shop, meshStrict), 'dialects-differ')).toEqual([]);
  });

  it('says nothing where another policy hides the difference', () => {
    const lock = policy('shop', 'lock', '{selector: {matchLabels: {app: cart}}, action: DENY, rules: [{}]}');
    expect(
      findingsOf(documents(shop, lock, l4('{principals: ["*"], trustDomains: [other.example]}')), 'dialects-differ'),
    ).toEqual([]);
  });
});

describe('policy-not-enforced', () => {
  it('leaves a target that does not exist to its own code', () => {
    const lost = policy('shop', 'lost', '{targetRefs: [{group: "", kind: Service, name: basket}], rules: [{}]}');
    expect(findingsOf(documents(shop, lost), 'policy-not-enforced')).toEqual([]);
    expect(findingsOf(documents(shop, lost), 'target-not-found')).toHaveLength(1);
  });

  it('gives the reason of the gate, in upstream', () => {
    const empty = policy('shop', 'empty', '{selector: {}, rules: [{}]}');
    expect(findingsOf(documents(shop, empty), 'policy-not-enforced', upstream)).toHaveLength(1);
    expect(findingsOf(documents(shop, empty), 'policy-not-enforced', strict)).toEqual([]);
    expect(findingsOf(documents(shop, getOnly), 'policy-not-enforced', upstream)).toHaveLength(1);
  });
});

describe('roles of the older generation', () => {
  const role = (rule: string) =>
    `apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {name: r, namespace: shop}\nspec: {rules: [${rule}]}\n`;
  const binding = (subject: string) =>
    `apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {name: b, namespace: shop}\nspec: {subjects: [${subject}], roleRef: {kind: ServiceRole, name: r}}\n`;
  const messages = (code: 'never-matches' | 'principal-with-scheme', text: string) =>
    findingsOf(documents(shop, text), code).map(({ message }) => message);

  it('are told of paths and server names that no request has', () => {
    const rule = `{services: ["*"], paths: [admin, "/a#b", "/a?b=c", "*/x"], constraints: [
      {key: ":path", values: ["b/c"]}, {key: "request.headers[:path]", values: ["d"]}, {key: connection.sni, values: [Web.example, web.example]}]}`;
    expect(messages('never-matches', role(rule))).toEqual([
      'path `admin` never matches: every path begins with `/`',
      'path `/a#b` never matches: a fragment is no part of the path',
      'path `b/c` never matches: every path begins with `/`',
      'path `d` never matches: every path begins with `/`',
      'server name `Web.example` never matches: gates see server names in lower case',
    ]);
    expect(messages('never-matches', role('{services: ["*"], notPaths: [admin]}'))).toHaveLength(1);
    expect(messages('never-matches', role('{services: ["*"], constraints: [{key: ":method", values: [get]}]}'))).toEqual([]);
  });

  it('are told of principals with their scheme', () => {
    const written = 'spiffe://cluster.local/ns/shop/sa/web';
    for (const subject of [
      `{user: "${written}"}`,
      `{notNames: ["${written}"]}`,
      `{properties: {source.principal: "${written}"}}`,
    ]) {
      expect(messages('principal-with-scheme', binding(subject)), subject).toHaveLength(1);
    }
    expect(messages('principal-with-scheme', binding('{user: cluster.local/ns/shop/sa/web}'))).toEqual([]);
  });
});
