import { CommandFailure, exitStatus } from '../exit-status.js';
import type { WorkloadAccess } from './mesh-state.js';

/** The workload that `[NAMESPACE/]NAME` means: by its own name, else by its owner's. Throws `CommandFailure` with near names. */
export function findWorkload(workloads: readonly WorkloadAccess[], written: string): WorkloadAccess {
  const slash = written.indexOf('/');
  const namespace = slash < 0 ? 'default' : written.slice(0, slash);
  const name = written.slice(slash + 1);
  const there = workloads.filter((workload) => workload.namespace === namespace);
  const found = there.find((workload) => workload.name === name) ?? there.find((workload) => workload.ownerName === name);
  if (found !== undefined) return found;
  throw new CommandFailure(`no workload \`${namespace}/${name}\` in this mesh`, {
    status: exitStatus.usage,
    hint: suggestion(workloads, `${namespace}/${name}`),
  });
}

function suggestion(workloads: readonly WorkloadAccess[], wanted: string): string {
  const names = [...new Set(workloads.map((workload) => `${workload.namespace}/${workload.ownerName}`))];
  if (names.length === 0) return 'its folder declares no workloads';
  const ranked = names.map((name) => ({ name, distance: nearness(name, wanted) })).sort((a, b) => a.distance - b.distance);
  const near = ranked.filter(({ distance }) => distance <= 2).map(({ name }) => name);
  return near.length > 0 ? `did you mean ${near.slice(0, 3).join(' or ')}?` : `there is ${names.sort().slice(0, 12).join(', ')}`;
}

/** Edits between two names; the right name in another namespace is as near as a slip of the finger. */
function nearness(name: string, wanted: string): number {
  const [, ownName] = name.split('/');
  const [, wantedName] = wanted.split('/');
  return ownName === wantedName ? 1 : editDistance(name, wanted);
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
