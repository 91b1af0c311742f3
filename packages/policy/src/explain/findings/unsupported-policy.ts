import { closedGates } from '../closed-gates.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Gates that are closed because a policy needs what they do not evaluate yet: tokens, external authorizers. */
export function unsupportedPolicy(context: FindingContext): void {
  for (const { closure, gates } of closedGates(context.gates.all(), 'unsupported-policy')) {
    const name = `${closure.kind} \`${qualifiedName(closure.policy.metadata)}\``;
    const message = `${name} cannot be applied, as ${closure.detail}: ${listNames(gates)} ${gates.length === 1 ? 'denies' : 'deny'} what it is for`;
    context.report('unsupported-policy', closure.policy.metadata.nameSpan, message, {
      hint: 'leave it out to ask about the rest; with it, no verdict of these gates allows anything',
    });
  }
}
