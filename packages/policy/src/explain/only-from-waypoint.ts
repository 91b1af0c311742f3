import type { Endpoint, Inventory, Workload } from '../inventory/inventory.js';
import type { FindingContext } from './finding-context.js';
import type { Front } from './gates.js';

/** Labels that change with every roll-out or differ between replicas: no selector should name them. */
const fleeting = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);

/**
 * The second policy of a workload behind a waypoint, as complete manifests: its ztunnel admits the identity of the waypoint, and of its canary, only. An ALLOW
 * policy where none is there yet; where one is, which another ALLOW could only widen, a DENY of everyone else. Empty where no
 * selector tells these workloads from others of their namespace.
 */
export function onlyFromWaypoint(context: FindingContext, front: Front, endpoints: readonly Endpoint[]): { suggestion?: string } {
  const identities = new Set(front.waypoints.map(({ workload }) => workload.identity.slice('spiffe://'.length)));
  const principals = [...identities].map(yamlText).join(', ');
  const manifests = [...groupByNamespace(endpoints)].flatMap(([namespace, workloads]) => {
    const selector = selectorFor(context.inventory, namespace, workloads);
    if (selector === undefined) return [];
    const restricted = workloads.some((workload) => hasAllow(context, workload));
    const name = `${front.service.name.split('.')[0]}-only-from-waypoint`;
    const admitted = !restricted || workloads.every((workload) => admits(context, workload, front, endpoints));
    return [
      ...(admitted && restricted ? [] : [manifest(name, namespace, selector, 'ALLOW', 'principals', principals)]),
      ...(restricted ? [manifest(`${name}-deny`, namespace, selector, 'DENY', 'notPrincipals', principals)] : []),
    ];
  });
  return manifests.length === 0 ? {} : { suggestion: manifests.join('---\n') };
}

function groupByNamespace(endpoints: readonly Endpoint[]): Map<string, Workload[]> {
  const groups = new Map<string, Workload[]>();
  for (const { workload } of endpoints) {
    const group = groups.get(workload.namespace) ?? [];
    if (!group.includes(workload)) groups.set(workload.namespace, [...group, workload]);
  }
  return groups;
}

function hasAllow(context: FindingContext, workload: Workload): boolean {
  return context.gates.ztunnel(workload).policies.some(({ policy }) => policy.action === 'ALLOW' && !policy.dryRun);
}

function admits(context: FindingContext, workload: Workload, front: Front, endpoints: readonly Endpoint[]): boolean {
  const decider = context.gates.decider(context.gates.ztunnel(workload));
  const admitted = ({ identity, address }: Workload, port: number): boolean =>
    decider.connection({ identity, sourceIp: address, destinationIp: workload.address, destinationPort: port }).effect ===
    'allow';
  return endpoints
    .filter((endpoint) => endpoint.workload === workload)
    .every(({ port }) => front.waypoints.every((gateway) => admitted(gateway.workload, port)));
}

/** The fewest labels that select these workloads and no other of the namespace; undefined where there are none. */
function selectorFor(
  inventory: Inventory,
  namespace: string,
  workloads: readonly Workload[],
): Record<string, string> | undefined {
  const neighbours = [...inventory.workloads.values()].filter((workload) => workload.namespace === namespace);
  const common = commonLabels(workloads);
  const exact = (labels: Record<string, string>) =>
    neighbours.filter((workload) => matches(workload, labels)).length === workloads.length;
  const single = Object.entries(common)
    .map(([key, value]) => ({ [key]: value }))
    .find(exact);
  if (single !== undefined) return single;
  if (Object.keys(common).length > 0 && exact(common)) return common;
  return Object.keys(common).length > 0 && workloads.length > 0 ? common : undefined;
}

function commonLabels(workloads: readonly Workload[]): Record<string, string> {
  const [first, ...rest] = workloads;
  const entries = Object.entries(first?.labels ?? {})
    .filter(([key, value]) => !fleeting.has(key) && rest.every((workload) => workload.labels[key] === value))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function rank(label: string): number {
  const index = ['app', 'app.kubernetes.io/name', 'app.kubernetes.io/instance', 'k8s-app'].indexOf(label);
  return index < 0 ? 10 : index;
}

function matches(workload: Workload, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([key, value]) => workload.labels[key] === value);
}

function manifest(
  name: string,
  namespace: string,
  selector: Record<string, string>,
  action: string,
  field: string,
  principals: string,
): string {
  const labels = Object.entries(selector).map(([key, value]) => `      ${yamlText(key)}: ${yamlText(value)}\n`);
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  selector:
    matchLabels:
${labels.join('')}  action: ${action}
  rules:
    - from:
        - source:
            ${field}: [${principals}]
`;
}

/** A text as YAML reads it back: quoted unless it is plainly a word. */
function yamlText(text: string): string {
  const words = ['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n'];
  const letter = (character: string) => (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  const plain = [...text].every((character) => letter(character) || '0123456789-._/'.includes(character));
  return plain && letter(text.charAt(0)) && !words.includes(text.toLowerCase()) ? text : JSON.stringify(text);
}
