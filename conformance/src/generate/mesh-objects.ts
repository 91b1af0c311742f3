import type { Manifest } from '../cases/case.js';

function pod(namespace: string, name: string, podIP: string, labels: object, ports: readonly number[] = []): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name, ...labels } },
    spec: { serviceAccountName: name, containers: [{ name: 'c', ports: ports.map((containerPort) => ({ containerPort })) }] },
    status: { podIP, podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function gateway(name: string, gatewayClassName: string, listeners: readonly object[]): Manifest {
  const metadata = { name, namespace: 'shop' };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata, spec: { gatewayClassName, listeners } };
}

function namespace(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'istio.io/dataplane-mode': 'ambient' } } };
}

/** What every generated mesh has: a service behind a waypoint, clients of it, an ingress gateway. */
export const meshObjects: readonly Manifest[] = [
  namespace('shop'),
  namespace('other'),
  pod('shop', 'api', '10.0.0.2', { version: 'v1' }, [8080, 3306]),
  pod('shop', 'web', '10.0.0.9', {}),
  pod('shop', 'batch', '10.0.0.10', {}),
  pod('other', 'web', '10.1.0.9', {}),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'gate' } },
    spec: {
      clusterIP: '10.96.0.2',
      selector: { app: 'api' },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'tcp-db', port: 3306 },
      ],
    },
  },
  gateway('gate', 'istio-waypoint', [{ name: 'mesh', port: 15008, protocol: 'HBONE' }]),
  gateway('edge', 'istio', [
    { name: 'http', port: 80, protocol: 'HTTP' },
    { name: 'tcp', port: 9000, protocol: 'TCP' },
  ]),
];
