/** What a mesh of a migration test consists of. */
export interface TestService {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly { readonly port: number; readonly protocol: 'http' | 'tcp' }[];
  /** No selector and no endpoints where there are none. */
  readonly pods: readonly TestPod[];
}

interface TestPod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly ip: string;
}

export interface TestMeshOptions {
  /** Whether each namespace has a waypoint that serves its services. */
  readonly waypoint: boolean;
  /** Issuers of tokens, and the claims that are lists of words. */
  readonly tokens?: { readonly issuers: readonly string[]; readonly lists: readonly string[] };
}

/** Manifests of namespaces, pods, services and waypoints, as JSON documents; pods carry the label `svc` of their service. */
export function testMesh(services: readonly TestService[], { waypoint, tokens }: TestMeshOptions): string {
  const namespaces = [...new Set(services.map(({ namespace }) => namespace))];
  const objects = [
    ...namespaces.flatMap((namespace) => namespaceObjects(namespace, waypoint, tokens)),
    ...services.flatMap((service) => serviceObjects(service, waypoint)),
  ];
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

function namespaceObjects(namespace: string, waypoint: boolean, tokens: TestMeshOptions['tokens']): object[] {
  const objects: object[] = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'istio.io/dataplane-mode': 'ambient' } } },
  ];
  if (!waypoint) return objects;
  objects.push({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gate', namespace },
    spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
  });
  if (tokens === undefined) return objects;
  const jwtRules = tokens.issuers.map((issuer) => ({
    issuer,
    jwksUri: 'https://keys.example/jwks',
    spaceDelimitedClaims: tokens.lists,
  }));
  objects.push({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'tokens', namespace },
    spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gate' }], jwtRules },
  });
  return objects;
}

function serviceObjects({ name, namespace, ports, pods }: TestService, waypoint: boolean): object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels: waypoint ? { 'istio.io/use-waypoint': 'gate' } : {} },
      spec: {
        selector: { svc: name },
        ports: ports.map(({ port, protocol }) => ({ name: `${protocol}-${port}`, port, targetPort: port })),
      },
    },
    ...pods.map((pod) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod.name, namespace, labels: { ...pod.labels, svc: name } },
      spec: {
        serviceAccountName: pod.serviceAccount,
        containers: [{ name: 'c', ports: ports.map(({ port }) => ({ containerPort: port })) }],
      },
      status: { podIP: pod.ip, podIPs: [{ ip: pod.ip }], conditions: [{ type: 'Ready', status: 'True' }] },
    })),
  ];
}
