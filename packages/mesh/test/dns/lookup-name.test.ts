import { expect, test } from 'vitest';
import { lookupName } from '../../src/dns/lookup-name.js';
import { ambientNamespace, pod, service } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';

const serviceEntry = (namespace: string, name: string, spec: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { namespace: ${namespace}, name: ${name} }
spec: ${spec}
`;

const inventory = inventoryOf([
  ambientNamespace('shop'),
  ambientNamespace('other'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'db-0', { address: '10.1.0.2', labels: ', set: db' }),
  pod('shop', 'db-1', { address: '10.1.0.3', labels: ', set: db' }),
  pod('shop', 'db-2', { address: '10.1.0.4', labels: ', set: db, topology.istio.io/network: far' }),
  pod('other', 'client', { address: '10.1.0.9' }),
  service('shop', 'cart', '10.2.0.1', 80, 8080),
  service('other', 'cart', '10.2.0.2', 80, 8080),
  `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: db }
spec: { clusterIP: None, selector: { set: db }, ports: [{ name: tcp, port: 5432 }] }
`,
  `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: six }
spec: { clusterIP: "fd00::1", selector: { app: client }, ports: [{ name: tcp, port: 80 }] }
`,
  `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: elsewhere }
spec: { type: ExternalName, externalName: www.example.com }
`,
  serviceEntry(
    'shop',
    'api',
    '{ hosts: [api.example.com], addresses: [240.1.1.1], resolution: DNS, ports: [{ number: 443, name: tls, protocol: TLS }] }',
  ),
  serviceEntry(
    'shop',
    'wild',
    '{ hosts: ["*.wild.example"], resolution: NONE, ports: [{ number: 443, name: tls, protocol: TLS }] }',
  ),
  serviceEntry('shop', 'every', '{ hosts: ["*.local"], resolution: NONE, ports: [{ number: 443, name: tls, protocol: TLS }] }'),
  serviceEntry(
    'shop',
    'own',
    '{ hosts: [own.example.com], exportTo: ["."], resolution: DNS, addresses: [240.1.1.2], ports: [{ number: 443, name: tls, protocol: TLS }] }',
  ),
  serviceEntry(
    'shop',
    'twins',
    '{ hosts: [a.twins.example, b.twins.example], addresses: [240.1.1.3], resolution: DNS, ports: [{ number: 443, name: tls, protocol: TLS }] }',
  ),
]);

function lookup(name: string, client = 'shop/client') {
  const workload = inventory.workloads.get(client);
  if (workload === undefined) throw new Error(`no ${client}`);
  return lookupName(inventory, workload, name);
}

const addresses = (...list: string[]) => ({ kind: 'addresses', addresses: list });

test('a short name is a service of the namespace that asks', () => {
  expect(lookup('cart')).toEqual(addresses('10.2.0.1'));
  expect(lookup('cart', 'other/client')).toEqual(addresses('10.2.0.2'));
  for (const name of ['cart.other', 'cart.other.svc', 'cart.other.svc.cluster.local'])
    expect(lookup(name)).toEqual(addresses('10.2.0.2'));
});

test('the name of a headless service leads to its pods in the network of the client, and a pod of it has a name', () => {
  expect(lookup('db')).toEqual(addresses('10.1.0.2', '10.1.0.3'));
  expect(lookup('db-1.db.shop.svc.cluster.local')).toEqual(addresses('10.1.0.3'));
});

test('an IPv6 service has its address', () => {
  expect(lookup('six')).toEqual(addresses('fd00::1'));
});

test('a ServiceEntry with an address of its own has that, where it is seen', () => {
  expect(lookup('api.example.com')).toEqual(addresses('240.1.1.1'));
  expect(lookup('own.example.com')).toEqual(addresses('240.1.1.2'));
  expect(lookup('own.example.com', 'other/client')).toEqual({ kind: 'outside' });
});

test('where no address tells which name was meant, the name itself counts', () => {
  for (const name of ['x.wild.example', 'a.b.wild.example', 'elsewhere', 'b.twins.example'])
    expect({ name, ...lookup(name) }).toEqual({ name, kind: 'by-name' });
});

test('a name that can only be one of the mesh is unknown, any other is of the outside', () => {
  for (const name of [
    'nothing',
    'nothing.shop.svc',
    'nothing.shop.svc.cluster.local',
    'www.example.org.shop.svc.cluster.local',
  ]) {
    expect({ name, ...lookup(name) }).toEqual({ name, kind: 'unknown' });
  }
  expect(lookup('www.example.org')).toEqual({ kind: 'outside' });
  expect(lookup('wild.example')).toEqual({ kind: 'outside' });
});

test('a wildcard does not cover what a search list makes of a name', () => {
  expect(lookup('printer.local')).toEqual({ kind: 'by-name' });
  expect(lookup('printer.local.shop.svc.cluster.local')).toEqual({ kind: 'unknown' });
});

test('an address is no name', () => {
  expect(lookup('10.1.0.2')).toEqual({ kind: 'unknown' });
});
