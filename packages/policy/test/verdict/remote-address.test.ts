import { describe, expect, it } from 'vitest';
import { buildInventory, type GatewayInfo, type Inventory, loadResources, strict, upstream } from '../../src/index.js';
import { remoteAddress } from '../../src/verdict/remote-address.js';

const manifest = (trustedProxies: number) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig: {gatewayTopology: {numTrustedProxies: ${trustedProxies}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
`;

function mesh(dialect = strict, trustedProxies = 0): { inventory: Inventory; waypoint: GatewayInfo; edge: GatewayInfo } {
  const { set } = loadResources([{ path: 'mesh.yaml', text: manifest(trustedProxies) }], dialect);
  const { inventory } = buildInventory(set, dialect);
  const waypoint = inventory.gateways.get('shop/waypoint');
  const edge = inventory.gateways.get('shop/edge');
  if (waypoint === undefined || edge === undefined) throw new Error('the manifest declares both');
  return { inventory, waypoint, edge };
}

const forwarded = (...values: string[]) => values.map((value) => ['X-Forwarded-For', value] as const);
const stranger = 'spiffe://cluster.local/ns/shop/sa/client';

describe('remoteAddress', () => {
  it('is the peer at a gateway that trusts no proxy', () => {
    const { inventory, edge } = mesh();
    expect(remoteAddress(inventory, { gateway: edge, peer: '10.0.0.9', headers: forwarded('1.2.3.4') })).toBe('10.0.0.9');
  });

  it('takes the entry that many places from the right at a gateway, over all lines', () => {
    const { inventory, edge } = mesh(strict, 2);
    expect(remoteAddress(inventory, { gateway: edge, peer: '10.0.0.9', headers: forwarded('1.1.1.1, 2.2.2.2', '3.3.3.3') })).toBe(
      '2.2.2.2',
    );
    expect(remoteAddress(inventory, { gateway: edge, peer: '10.0.0.9', headers: forwarded('3.3.3.3') })).toBe('10.0.0.9');
  });

  it('believes X-Forwarded-For at a waypoint only from a gateway in strict', () => {
    const { inventory, waypoint, edge } = mesh();
    const ask = (identity: string) =>
      remoteAddress(inventory, { gateway: waypoint, identity, peer: '10.0.0.9', headers: forwarded('1.1.1.1, 2.2.2.2') });
    expect(ask(stranger)).toBe('10.0.0.9');
    expect(ask(edge.workload.identity)).toBe('2.2.2.2');
  });

  it('believes anyone at a waypoint in upstream, and falls back to the peer on what is no address', () => {
    const { inventory, waypoint } = mesh(upstream);
    const ask = (value: string) =>
      remoteAddress(inventory, { gateway: waypoint, identity: stranger, peer: '10.0.0.9', headers: forwarded(value) });
    expect(ask('1.1.1.1')).toBe('1.1.1.1');
    expect(ask('1.1.1.1, 2.2.2.2:80')).toBe('10.0.0.9');
    expect(ask('')).toBe('10.0.0.9');
  });
});
