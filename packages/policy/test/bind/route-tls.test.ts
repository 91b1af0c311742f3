import { describe, expect, it } from 'vitest';
import { routeTls } from '../../src/bind/route-tls.js';
import { documents, gateway, ingress, inventoryOf, namespace, pod, serviceOf } from '../inventory/manifests.js';
import { codesOf, complaints, only } from '../resource/load.js';

const route = (name: string, backend: string, spec: object) =>
  JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TLSRoute',
    metadata: { name, namespace: 'shop' },
    spec: { parentRefs: [{ name: 'front' }], rules: [{ backendRefs: [{ name: backend, port: 80 }] }], ...spec },
  });
const listener = (hostname?: string) => ({ name: 'tls', port: 443, protocol: 'TLS', tls: { mode: 'Passthrough' }, hostname });

function ask(serverName: string | undefined, hostname: string | undefined, ...routes: string[]): string {
  const inventory = inventoryOf(
    documents(
      namespace('shop'),
      pod('a'),
      ...['a', 'b', 'c'].map((name) => serviceOf(name, { ports: [{ port: 80 }] })),
      ingress('front', [listener(hostname)]),
      ...routes,
    ),
  );
  const routing = routeTls(inventory, { gateway: gateway(inventory, 'shop/front'), listenerName: 'tls' }, serverName);
  return routing.kind === 'backends' ? routing.backends.map(({ service }) => service.name).join(' ') : routing.kind;
}

describe('a TLSRoute', () => {
  const exact = route('exact', 'a', { hostnames: ['www.shop.example'] });
  const wild = route('wild', 'b', { hostnames: ['*.shop.example'] });
  const any = route('any', 'c', {});

  it.each([
    ['www.shop.example', 'a'],
    ['WWW.shop.EXAMPLE', 'a'],
    ['cart.shop.example', 'b'],
    ['a.b.shop.example', 'b'],
    ['shop.example', 'c'],
    ['other.example', 'c'],
    [undefined, 'c'],
  ])('is chosen by the most specific name: %s', (name, expected) => {
    expect(ask(name, undefined, exact, wild, any)).toBe(expected);
  });

  it.each([
    ['a listener for another name', 'www.shop.example', 'cart.example', 'none'],
    ['a wildcard listener', 'www.shop.example', '*.shop.example', 'a'],
    ['a name that no route has', 'other.example', undefined, 'none'],
    ['no name at all', undefined, undefined, 'none'],
  ])('leads as its listener lets it: %s', (_, name, hostname, expected) => {
    expect(ask(name, hostname, exact)).toBe(expected);
  });

  it('without names takes those of its listener, and no connection without one', () => {
    expect(ask('cart.shop.example', '*.shop.example', any)).toBe('c');
    expect(ask('cart.example', '*.shop.example', any)).toBe('none');
    expect(ask(undefined, '*.shop.example', any)).toBe('none');
  });

  it('needs a grant for a backend of another namespace', () => {
    const far = route('r', '', { rules: [{ backendRefs: [{ name: 'far', namespace: 'other', port: 80 }] }] });
    const there = serviceOf('far', { ports: [{ port: 80 }] }, { namespace: 'other' });
    const grant = JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'ReferenceGrant',
      metadata: { name: 'g', namespace: 'other' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: 'shop' }],
        to: [{ group: '', kind: 'Service', name: 'far' }],
      },
    });
    expect(ask('www.shop.example', undefined, there, far)).toBe('invalid');
    expect(ask('www.shop.example', undefined, there, far, grant)).toBe('far');
  });

  it('with a backend that is not there leads nowhere', () => {
    expect(ask('www.shop.example', undefined, route('r', 'gone', {}))).toBe('invalid');
  });

  it('is read in the versions that there are', () => {
    for (const version of ['v1', 'v1alpha2', 'v1alpha3']) {
      expect(only('TLSRoute', exact.replace('v1alpha2', version))).toMatchObject({ hostnames: ['www.shop.example'] });
    }
  });

  it.each(['https://web.example', 'web.example:443', '10.0.0.1', '*', '*.*.example', 'a_b.example', 'Web.example'])(
    'has no host name `%s`',
    (name) => {
      expect(complaints(route('r', 'a', { hostnames: [name] }))).toEqual([`route-hostname: "${name}"`]);
    },
  );

  it('of a service is refused, as no waypoint here routes by server name', () => {
    expect(codesOf(route('r', 'a', { parentRefs: [{ kind: 'Service', group: '', name: 'a' }] }))).toEqual([
      'unsupported-route-feature',
    ]);
  });
});
