import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeshProcess } from '@sallyport/conformance';
import { type Dial, dialThrough, parseProxy } from './dial.js';

/** Name and port of the service that the ztunnels are measured with, and of the one behind the waypoint. */
export const direct = { host: 'echo.bench.svc.cluster.local', port: 9000 };
export const behindWaypoint = { host: 'web.bench-waypoint.svc.cluster.local', port: 8000 };

/** A mesh of its own for the measurements: its gates are processes, so the load generator shares an event loop with none of them. */
export class BenchMesh {
  readonly #mesh: MeshProcess;
  readonly #proxy: string;

  private constructor(mesh: MeshProcess, proxy: string) {
    this.#mesh = mesh;
    this.#proxy = proxy;
  }

  /** Starts the mesh in a temporary folder. */
  static async start(): Promise<BenchMesh> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
    try {
      await writeFile(join(folder, 'bench.yaml'), manifests());
      const mesh = await MeshProcess.start(folder);
      const { stdout } = await mesh.exec('bench/client', ['/bin/sh', '-c', 'echo "$ALL_PROXY"']);
      return new BenchMesh(mesh, stdout.trim());
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Opens connections as the client's workload, through its own ztunnel. */
  dial({ host, port }: { readonly host: string; readonly port: number }): Dial {
    return dialThrough(parseProxy(this.#proxy), host, port);
  }

  /** Where the application of a workload itself listens, for what is measured beside the gates. */
  application(workload: string): { readonly host: string; readonly port: number } {
    const application = this.#mesh.report.workloads.find(({ key }) => key === workload)?.application;
    if (application?.address === undefined || application.port === undefined) throw new Error(`nothing runs ${workload}`);
    return { host: application.address, port: application.port };
  }

  /** Ends it, processes and folder. */
  async stop(): Promise<void> {
    await this.#mesh.stop();
    await rm(this.#mesh.folder, { recursive: true, force: true });
  }
}

function manifests(): string {
  const server = fileURLToPath(new URL('../programs/echo-server.js', import.meta.url));
  const run = `exec ${quoted(process.execPath)} ${quoted(server)}`;
  return `apiVersion: v1
kind: Namespace
metadata: { name: bench, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: bench, labels: { app: client } }
spec: { serviceAccountName: client, containers: [{ name: client, image: client }] }
---
${serverManifests('bench', 'echo', 'tcp', 9000, run)}
---
apiVersion: v1
kind: Namespace
metadata: { name: bench-waypoint, labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: bench-waypoint, labels: { istio.io/waypoint-for: service } }
spec:
  gatewayClassName: istio-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE }]
---
${serverManifests('bench-waypoint', 'web', 'http', 8000, run)}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: allow-client, namespace: bench-waypoint }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  rules: [{ from: [{ source: { principals: [cluster.local/ns/bench/sa/client] } }], to: [{ operation: { methods: [GET] } }] }]
`;
}

function serverManifests(namespace: string, name: string, protocol: string, port: number, run: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { app: ${name} }
  annotations: { sallyport/run: ${JSON.stringify(run)} }
spec: { serviceAccountName: ${name}, containers: [{ name: ${name}, image: ${name}, ports: [{ containerPort: ${port} }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { app: ${name} }, ports: [{ name: ${protocol}, port: ${port} }] }`;
}

/** For /bin/sh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
