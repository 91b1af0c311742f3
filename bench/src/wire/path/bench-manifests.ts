import { fileURLToPath } from 'node:url';

/**
 * The mesh that is measured: a client, an application behind its ztunnel that admits the client, and one behind a waypoint that lets
 * the client GET, whose ztunnel admits the waypoint.
 */
export function benchManifests(): string {
  return [
    namespace('bench'),
    pod('bench', 'client'),
    server('bench', 'echo', { name: 'tcp', port: 9000 }),
    admit('bench', 'echo', 'cluster.local/ns/bench/sa/client'),
    namespace('bench-waypoint', ', istio.io/use-waypoint: waypoint'),
    waypoint,
    server('bench-waypoint', 'web', { name: 'http', port: 8000 }),
    admit('bench-waypoint', 'web', 'cluster.local/ns/bench-waypoint/sa/waypoint'),
    reads,
  ].join('---\n');
}

const waypoint = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: bench-waypoint, labels: { istio.io/waypoint-for: service } }
spec:
  gatewayClassName: istio-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE }]
`;

const reads = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: reads, namespace: bench-waypoint }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  rules: [{ from: [{ source: { principals: [cluster.local/ns/bench/sa/client] } }], to: [{ operation: { methods: [GET], paths: ["/*"] } }] }]
`;

function namespace(name: string, label = ''): string {
  return `apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio.io/dataplane-mode: ambient${label} } }
`;
}

function pod(namespaceName: string, name: string, ports = '', annotations = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespaceName}, labels: { app: ${name} }${annotations} }
spec: { serviceAccountName: ${name}, containers: [{ name: ${name}, image: ${name}${ports} }] }
`;
}

function server(namespaceName: string, name: string, { name: portName, port }: { name: string; port: number }): string {
  const program = fileURLToPath(new URL('../../programs/echo-server.js', import.meta.url));
  const run = JSON.stringify(`exec ${quoted(process.execPath)} ${quoted(program)}`);
  return `${pod(namespaceName, name, `, ports: [{ containerPort: ${port} }]`, `, annotations: { sallyport/run: ${run} }`)}---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespaceName} }
spec: { selector: { app: ${name} }, ports: [{ name: ${portName}, port: ${port} }] }
`;
}

function admit(namespaceName: string, app: string, principal: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: admit, namespace: ${namespaceName} }
spec:
  selector: { matchLabels: { app: ${app} } }
  rules: [{ from: [{ source: { principals: [${principal}] } }] }]
`;
}

/** For /bin/sh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
