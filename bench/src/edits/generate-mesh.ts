import type { SourceFile } from '@sallyport/policy';

const workloadsPerNamespace = 50;

/** A mesh as a folder: namespaces with their workloads, and for each workload a file with the policy that selects it and nothing else. */
export interface GeneratedMesh {
  readonly files: readonly SourceFile[];
  /** Index in `files` of the policy of the root namespace, which concerns every workload. */
  readonly rootPolicy: number;
  /** Index in `files` of the policy that selects the workload of this index. */
  policyOf(workload: number): number;
}

/** Makes a mesh of so many workloads and one more policy, which stands in the root namespace. */
export function generateMesh(workloads: number): GeneratedMesh {
  const namespaces = Math.ceil(workloads / workloadsPerNamespace);
  const workloadFiles = Array.from({ length: namespaces }, (_, namespace) => namespaceFile(namespace, workloads));
  const policyFiles = Array.from({ length: workloads }, (_, index) => policyFile(index, 'ALLOW', clientFor(index)));
  return {
    files: [...workloadFiles, rootFile('nobody'), ...policyFiles],
    rootPolicy: namespaces,
    policyOf: (workload) => namespaces + 1 + workload,
  };
}

/** `NAMESPACE/NAME` of a workload. */
export function workloadKey(index: number): string {
  return `${namespaceFor(index)}/app-${index}`;
}

/** The identity that the policy of this workload admits. */
export function clientFor(index: number): string {
  return `cluster.local/ns/${namespaceFor(index + 1)}/sa/client-${index}`;
}

/** The file of a workload's policy, with this principal and this action for its first rule. */
export function policyFile(index: number, action: 'ALLOW' | 'DENY', principal: string): SourceFile {
  const namespace = namespaceFor(index);
  return {
    path: `${namespace}/policy-${index}.yaml`,
    text: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: policy-${index}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: app-${index} } }
  action: ${action}
  rules:
  - from: [{ source: { principals: [${principal}] } }]
    to: [{ operation: { ports: ["8080"] } }]
  - from: [{ source: { namespaces: [monitoring] } }]
    to: [{ operation: { ports: ["9090"] } }]
`,
  };
}

/** The file of the root namespace's policy, which denies one service account everywhere. */
export function rootFile(account: string): SourceFile {
  return {
    path: 'istio-system/root.yaml',
    text: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: root, namespace: istio-system }
spec:
  action: DENY
  rules:
  - from: [{ source: { principals: [${account === 'nobody' ? 'cluster.local/ns/none/sa/nobody' : account}] } }]
`,
  };
}

function namespaceFile(namespace: number, workloads: number): SourceFile {
  const first = namespace * workloadsPerNamespace;
  const count = Math.min(workloadsPerNamespace, workloads - first);
  const pods = Array.from({ length: count }, (_, index) => podText(namespace, first + index));
  const head = `apiVersion: v1
kind: Namespace
metadata: { name: team-${namespace}, labels: { istio.io/dataplane-mode: ambient } }`;
  return { path: `team-${namespace}/workloads.yaml`, text: [head, ...pods].join('\n---\n') };
}

function podText(namespace: number, index: number): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: app-${index}, namespace: team-${namespace}, labels: { app: app-${index}, team: team-${namespace} } }
spec: { serviceAccountName: app-${index}, containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }, { containerPort: 9090 }] }] }`;
}

function namespaceFor(index: number): string {
  return `team-${Math.floor(index / workloadsPerNamespace)}`;
}
