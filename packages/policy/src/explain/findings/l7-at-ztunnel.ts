import type { Closure } from '../../bind/binding.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Workloads that an HTTP policy closes, because it is bound to a ztunnel (design: "Two dialects"). In `upstream` the same policy
 * closes nothing as such: its ALLOW rules vanish, its DENY rules may never fire.
 */
export function l7AtZtunnel(context: FindingContext): void {
  const strict = context.gatesOf('strict');
  if (strict === undefined) return;
  const closed = new Map<string, { closure: Closure; workloads: Set<string> }>();
  for (const workload of strict.captured) {
    for (const closure of strict.ztunnel(workload).closures) {
      if (closure.reason !== 'l7-at-ztunnel') continue;
      const key = qualifiedName(closure.policy.metadata);
      const entry = closed.get(key) ?? { closure, workloads: new Set() };
      entry.workloads.add(`${workload.namespace}/${workload.ownerName}`);
      closed.set(key, entry);
    }
  }
  for (const [name, { closure, workloads }] of closed) report(context, name, closure, [...workloads]);
}

function report(context: FindingContext, name: string, closure: Closure, workloads: readonly string[]): void {
  const isStrict = context.inventory.dialect.name === 'strict';
  const consequence = isStrict
    ? `so ${listNames(workloads)} ${workloads.length === 1 ? 'denies' : 'deny'} all traffic`
    : `of ${listNames(workloads)}: upstream leaves ALLOW rules out, and DENY rules may never fire`;
  context.report(
    'l7-at-ztunnel',
    closure.span,
    `\`${name}\` needs HTTP attributes (${closure.detail}) at the ztunnel, ${consequence}`,
    {
      hint: 'put a waypoint in front and attach the policy to it with `targetRefs`, or annotate it `istio.io/dry-run: "true"`',
    },
  );
}
