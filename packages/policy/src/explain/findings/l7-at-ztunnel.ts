import { closedGates } from '../closed-gates.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Workloads that an HTTP policy closes, because it is bound to a ztunnel (design: "Two dialects"). In `upstream` the same policy
 * closes nothing as such: its ALLOW rules vanish, its DENY rules may never fire.
 */
export function l7AtZtunnel(context: FindingContext): void {
  const strict = context.gatesOf('strict');
  if (strict === undefined) return;
  for (const { closure, gates } of closedGates(strict.ztunnels(), 'l7-at-ztunnel')) {
    const outcome =
      context.inventory.dialect.name === 'strict'
        ? `${listNames(gates)} ${gates.length === 1 ? 'denies' : 'deny'} all traffic`
        : `at ${listNames(gates)} upstream leaves such ALLOW rules out, and such DENY rules may never fire`;
    const message = `\`${qualifiedName(closure.policy.metadata)}\` is bound to a ztunnel, and ${closure.detail}: ${outcome}`;
    context.report('l7-at-ztunnel', closure.span, message, {
      hint: 'put a waypoint in front and attach the policy to it with `targetRefs`, or annotate it `istio.io/dry-run: "true"`',
    });
  }
}
