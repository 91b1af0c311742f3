import type { Inventory, Workload } from '../inventory/inventory.js';
import { matchesLabels } from '../inventory/labels.js';

type Labels = Readonly<Record<string, string>>;

/** Labels that change with every roll-out or differ between replicas: no selector should name them. */
const fleeting: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);

/**
 * Labels that select a workload and no other but those that need the same; undefined where there are none. The selector of one of its
 * Services is taken first, as it will fit the pods of tomorrow too, then a single label, then all.
 */
export function chooseSelector(
  inventory: Inventory,
  workload: Workload,
  preferred: readonly Labels[],
  needsTheSame: (other: Workload) => boolean,
): Labels | undefined {
  const own = Object.entries(workload.labels).filter(([key]) => !fleeting.has(key));
  const single = own.map(([key, value]): Labels => ({ [key]: value }));
  const reached = reachedFrom(inventory, workload.namespace);
  return [...preferred, ...single, Object.fromEntries(own)].find(
    (labels) =>
      Object.keys(labels).length > 0 &&
      matchesLabels(labels, workload.labels) &&
      reached.every((other) => !matchesLabels(labels, other.labels) || needsTheSame(other)),
  );
}

/** The workloads that a selector in a namespace may select; in the root namespace those are all of the mesh. */
function reachedFrom({ mesh, workloads }: Inventory, namespace: string): readonly Workload[] {
  return [...workloads.values()].filter((each) => namespace === mesh.rootNamespace || each.namespace === namespace);
}
