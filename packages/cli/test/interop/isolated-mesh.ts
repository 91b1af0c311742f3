import { chmod, chown } from 'node:fs/promises';
import { type Outcome, type UpMesh, Workshop } from '../commands/local-mesh.js';
import { admits, folder, waypoint, workloads } from '../commands/manifests.js';

/** Someone without an entry among the users, as containers have them: the owner of the folder, whom commands run as. */
export const owner = 54_321;

/** The system's own: one below a home, as version managers have them, is not for everybody. */
export const python3 = '/usr/bin/python3';

/** Whether namespaces can be made here; `npm run interop` finds out. */
export const canIsolate = process.env.SALLYPORT_ISOLATION !== undefined;

/** A workload without policies on port 80, one without a ztunnel, and services: one behind a waypoint, others of the outside. */
const more = `
apiVersion: v1
kind: Pod
metadata:
  name: plain
  labels: {app: plain}
  annotations: {sallyport/run: exec node app.mjs}
spec: {serviceAccountName: plain, containers: [{name: main, image: none, ports: [{containerPort: 80}]}]}
status: {podIP: 10.7.0.7, podIPs: [{ip: 10.7.0.7}, {ip: 'fd07::7'}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {selector: {app: plain}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: six, labels: {app: six}}
spec: {serviceAccountName: six, containers: [{name: main, image: none}]}
status: {podIP: 'fd07::6', podIPs: [{ip: 'fd07::6'}]}
---
apiVersion: v1
kind: Service
metadata: {name: guarded, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild}
spec: {hosts: ['*.wild.invalid'], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: bare}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: bare
  labels: {app: web}
  annotations: {sallyport/run: exec node app.mjs}
spec: {serviceAccountName: web, containers: [{name: main, image: none, ports: [{containerPort: 8080}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 8088, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: edge}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: plain, port: 80}]}]
`;

/** A mesh with namespaces, and where it lives. */
export interface IsolatedMesh {
  readonly workshop: Workshop;
  readonly mesh: UpMesh;
  /** Runs a command as a workload. */
  as(workload: string, ...command: string[]): Promise<Outcome>;
  /** Runs a script in Python as a workload; what it prints. */
  python(workload: string, script: string): Promise<string>;
  /** The address of a workload, as others dial it. */
  addressOf(workload: string): Promise<string>;
}

/** Brings one up: `httpbin` admits \`sleep\` and the waypoint, the waypoint \`sleep\` to /public/. */
export async function isolatedMesh(options: readonly string[] = []): Promise<IsolatedMesh> {
  const workshop = await Workshop.open();
  await chmod(workshop.directory, 0o755);
  const files = {
    ...folder,
    'workloads.yaml': `${workloads}---${more}---${waypoint.replace('name: httpbin', 'name: guarded')}`,
    'policy.yaml': `${admits('sleep')}---${admits('waypoint')}`,
  };
  const path = await workshop.folder('mesh', files);
  await chown(path, owner, owner);
  const mesh = await workshop.up(path, ['--isolate', ...options]);
  return {
    workshop,
    mesh,
    as: (workload, ...command) => mesh.exec(workload, command),
    python: async (workload, script) => {
      const { stdout, stderr } = await mesh.exec(workload, [python3, '-c', script]);
      return `${stdout}${stderr}`.trim();
    },
    addressOf: async (key) => {
      const found = (await mesh.status()).workloads.find((workload) => workload.key === key);
      if (found === undefined) throw new Error(`no workload ${key}`);
      return found.address;
    },
  };
}
