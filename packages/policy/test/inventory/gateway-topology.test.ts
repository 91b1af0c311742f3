import { describe, expect, it } from 'vitest';
import { upstream } from '../../src/resource/dialect.js';
import { codesOf, complaints } from '../resource/load.js';
import { documents, inventoryOf } from './manifests.js';

const gateway = (metadata: string, spec = '') => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop, ${metadata}}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]${spec}}
`;
const annotation = (config: string) => `annotations: {proxy.istio.io/config: '${config}'}`;
const meshConfig = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig: {gatewayTopology: {numTrustedProxies: 2}}
`;
const podOf = (metadata: string) => `apiVersion: v1
kind: Pod
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}, ${metadata}}
spec: {containers: [{name: proxy}]}
`;
const deploymentOf = (metadata: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: shop}
spec:
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge, gateway.networking.k8s.io/gateway-name: edge}, ${metadata}}
    spec: {containers: [{name: proxy}]}
`;
const behindProxy = annotation('{gatewayTopology: {proxyProtocol: {}}}');
const edgeOf = (...manifests: string[]) => inventoryOf(documents(...manifests)).gateways.get('shop/edge');
const topologyOf = (...manifests: string[]) => edgeOf(...manifests)?.topology;

describe('what stands between a gateway and its clients', () => {
  it('is nothing where nobody says so, and MeshConfig’s where the gateway does not', () => {
    expect(topologyOf(gateway(''))).toEqual({ numTrustedProxies: 0, proxyProtocol: false });
    expect(topologyOf(gateway(''), meshConfig)).toEqual({ numTrustedProxies: 2, proxyProtocol: false });
  });

  it('is what the annotation of its pods says, instead of what MeshConfig does', () => {
    const own = { numTrustedProxies: 0, proxyProtocol: true };
    expect(topologyOf(gateway(behindProxy), meshConfig)).toEqual(own);
    expect(topologyOf(gateway(''), podOf(behindProxy), meshConfig)).toEqual(own);
    expect(topologyOf(gateway(''), deploymentOf(behindProxy), meshConfig)).toEqual(own);
    expect(topologyOf(gateway(behindProxy), podOf(''), meshConfig)).toEqual({ numTrustedProxies: 2, proxyProtocol: false });
  });

  it('is MeshConfig’s where the annotation is about something else', () => {
    expect(topologyOf(gateway(annotation('{concurrency: 2}')), meshConfig)).toMatchObject({ numTrustedProxies: 2 });
    expect(topologyOf(gateway(annotation('')), meshConfig)).toMatchObject({ numTrustedProxies: 2 });
  });

  it('comes with the pods, whose labels and annotations `infrastructure` says where it says any', () => {
    const infrastructure = (fields: string) => gateway(`labels: {a: b}, ${behindProxy}`, `, infrastructure: {${fields}}`);
    expect(topologyOf(infrastructure(''))).toMatchObject({ proxyProtocol: true });
    expect(topologyOf(infrastructure('annotations: {}'))).toMatchObject({ proxyProtocol: false });
    expect(edgeOf(infrastructure('labels: {c: d}'))?.workload.labels).toMatchObject({ c: 'd' });
    expect(edgeOf(infrastructure('labels: {c: d}'))?.workload.labels).not.toHaveProperty('a');
    expect(topologyOf(gateway('', `, infrastructure: {${behindProxy}}`))).toMatchObject({ proxyProtocol: true });
  });

  it.each([
    ['no YAML', '{', ['unclosed']],
    ['no mapping', '[a]', ['wrong-type']],
    ['a misspelt field', '{gatewayTopology: {proxyProtcol: {}}}', ['unknown-field']],
    ['a number that is none', '{gatewayTopology: {numTrustedProxies: many}}', ['wrong-type']],
    ['a negative number', '{gatewayTopology: {numTrustedProxies: -1}}', ['out-of-range']],
    ['a switch that is no mapping', '{gatewayTopology: {proxyProtocol: true}}', ['wrong-type']],
  ])('cannot be told by an annotation with %s', (_, config, codes) => {
    for (const dialect of [undefined, upstream]) {
      const found = codesOf(gateway(annotation(config)), dialect);
      if (codes[0] === 'unclosed') expect(found).not.toEqual([]);
      else expect(found).toEqual(codes);
    }
  });

  it('names the place inside the annotation', () => {
    const block = gateway('').replace(
      'namespace: shop, ',
      "namespace: shop, annotations: {proxy.istio.io/config: 'gatewayTopology: {numTrustedProxies: x}'}",
    );
    expect(complaints(block)[0]).toContain('numTrustedProxies: x');
  });
});
