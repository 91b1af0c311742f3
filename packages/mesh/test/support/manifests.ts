/** A namespace whose pods are in the mesh. */
export function ambientNamespace(name: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio.io/dataplane-mode: ambient } }
`;
}

/** A pod called like its service account and its label `app`. */
export function pod(
  namespace: string,
  name: string,
  more: { ports?: readonly number[]; labels?: string; address: string },
): string {
  const ports = (more.ports ?? []).map((port) => `{ containerPort: ${port} }`).join(', ');
  return `
apiVersion: v1
kind: Pod
metadata: { namespace: ${namespace}, name: ${name}, labels: { app: ${name}${more.labels ?? ''} } }
spec:
  serviceAccountName: ${name}
  containers: [{ name: main, image: main, ports: [${ports}] }]
status: { podIP: ${more.address}, phase: Running }
`;
}

/** A service in front of the pods with label \`app: NAME\`. */
export function service(namespace: string, name: string, address: string, port: number, targetPort: number): string {
  return `
apiVersion: v1
kind: Service
metadata: { namespace: ${namespace}, name: ${name} }
spec:
  clusterIP: ${address}
  selector: { app: ${name} }
  ports: [{ name: tcp, port: ${port}, targetPort: ${targetPort} }]
`;
}

/** An AuthorizationPolicy; \`spec\` is what follows \`spec:\`. */
export function policy(namespace: string, name: string, spec: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { namespace: ${namespace}, name: ${name} }
spec: ${spec}
`;
}

/** PeerAuthentication STRICT for a namespace. */
export function strictMtls(namespace: string): string {
  return `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { namespace: ${namespace}, name: default }
spec: { mtls: { mode: STRICT } }
`;
}
