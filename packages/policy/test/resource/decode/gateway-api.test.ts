import { describe, expect, it } from 'vitest';
import { codesOf, complaints, only } from '../load.js';

const gateway = (spec: string, status = '') =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: ${spec}\n${status}`;
const listener = (fields: string) =>
  gateway(`{gatewayClassName: istio, listeners: [{name: a, port: 443, protocol: HTTPS, ${fields}}]}`);
const route = (rule: string) =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: shop}\nspec: {parentRefs: [{name: edge}], rules: [${rule}]}\n`;

describe('a Gateway', () => {
  it('admits routes of its own namespace unless it says otherwise', () => {
    expect(only('Gateway', listener('hostname: a.example')).listeners).toMatchObject([
      { name: 'a', port: 443, protocol: 'HTTPS', hostname: 'a.example', allowedRoutes: { from: 'Same' } },
    ]);
    expect(
      only('Gateway', listener('allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}')).listeners,
    ).toMatchObject([{ allowedRoutes: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } }]);
  });

  it('finds its certificates in its own namespace unless it says otherwise', () => {
    expect(
      only('Gateway', listener('tls: {certificateRefs: [{name: a}, {name: b, namespace: certs}]}')).listeners[0]?.tls,
    ).toMatchObject({
      mode: 'Terminate',
      certificateRefs: [
        { namespace: 'shop', name: 'a' },
        { namespace: 'certs', name: 'b' },
      ],
    });
  });

  it('tells no status from a status without addresses', () => {
    const spec = '{gatewayClassName: istio-waypoint}';
    expect(only('Gateway', gateway(spec))).not.toHaveProperty('statusAddresses');
    expect(only('Gateway', gateway(spec, 'status: {}\n')).statusAddresses).toEqual([]);
    expect(only('Gateway', gateway(spec, 'status: {addresses: [{type: Hostname, value: a.b}]}\n')).statusAddresses).toEqual([
      { type: 'Hostname', value: 'a.b' },
    ]);
  });

  it.each([
    ['tls: {frontendValidation: {}}', 'unsupported-listener'],
    ['tls: {mode: Open}', 'unknown-value'],
    [
      'allowedRoutes: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: Exists}]}}}',
      'unsupported-selector',
    ],
  ])('with %s is refused: %s', (fields, code) => {
    expect(codesOf(listener(fields))).toEqual([code]);
  });

  it('names its listeners once, and its class', () => {
    expect(
      codesOf(
        gateway(
          '{gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}]}',
        ),
      ),
    ).toEqual(['duplicate-listener']);
    expect(codesOf(gateway('{listeners: []}'))).toEqual(['missing-field']);
    expect(codesOf(gateway('{gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: GOPHER}]}'))).toEqual([
      'unknown-value',
    ]);
  });
});

describe('a binding of a waypoint', () => {
  const bound = (kind: string, binding: string) =>
    `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: gate, annotations: {ambient.istio.io/waypoint-inbound-binding: ${binding}}}\nspec: ${kind === 'Gateway' ? '{gatewayClassName: theirs, listeners: []}' : '{controllerName: theirs.example/gates}'}\n`;

  it.each(['Gateway', 'GatewayClass'])('of a %s that cannot be read is told, and loads', (kind) => {
    for (const binding of ['PROXY/15088/1', 'PROXY/0', 'PROXY/65536', 'proxy', 'HBONE', '""', '"15088"', 'PROXY/'])
      expect(complaints(bound(kind, binding))).toEqual([`inbound-binding: ${binding}`]);
    for (const binding of ['PROXY/15088', 'PROXY', 'NONE', 'NONE/80']) expect(codesOf(bound(kind, binding))).toEqual([]);
  });
});

describe('an HTTPRoute', () => {
  it('matches any path unless it says otherwise, and gives weight 1', () => {
    expect(only('HTTPRoute', route('{backendRefs: [{name: web, port: 80}]}'))).toMatchObject({
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'shop', name: 'edge' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [] }],
          backendRefs: [{ group: '', kind: 'Service', namespace: 'shop', name: 'web', port: 80, weight: 1 }],
        },
      ],
    });
  });

  it('matches by path, method and header', () => {
    expect(
      only('HTTPRoute', route('{matches: [{path: {type: Exact, value: /a}, method: GET, headers: [{name: x-a, value: b}]}]}'))
        .rules[0]?.matches,
    ).toEqual([{ path: { type: 'Exact', value: '/a' }, method: 'GET', headers: [{ type: 'Exact', name: 'x-a', value: 'b' }] }]);
  });

  it.each([
    '{filters: [{type: RequestRedirect}]}',
    '{filters: [{type: RequestMirror}]}',
    '{filters: [{type: URLRewrite}]}',
    '{filters: [{type: RequestHeaderModifier}]}',
    '{backendRefs: [{name: a, filters: [{type: RequestHeaderModifier}]}]}',
    '{matches: [{queryParams: [{name: a, value: b}]}]}',
    '{matches: [{path: {type: RegularExpression, value: /a.*}}]}',
    '{matches: [{headers: [{type: RegularExpression, name: a, value: b}]}]}',
  ])('with %s is refused, as leaving it out would change where requests go', (rule) => {
    expect(codesOf(route(rule))).toEqual(['unsupported-route-feature']);
  });

  it('has paths that begin with a slash', () => {
    expect(complaints(route('{matches: [{path: {value: info}}]}'))).toEqual(['route-path: info']);
  });
});

describe('a TCPRoute', () => {
  it('sends to backends', () => {
    const text =
      'apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {name: db}\nspec: {parentRefs: [{kind: Service, group: "", name: db, port: 3306}], rules: [{backendRefs: [{name: db-2, port: 3306, weight: 0}]}]}\n';
    expect(only('TCPRoute', text)).toMatchObject({
      parentRefs: [{ group: '', kind: 'Service', name: 'db', port: 3306 }],
      rules: [{ backendRefs: [{ name: 'db-2', port: 3306, weight: 0 }] }],
    });
  });
});
