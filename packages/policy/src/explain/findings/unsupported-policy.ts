import { closedGates } from '../closed-gates.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Gates that are closed because a policy needs what they cannot evaluate: tokens for which they have no keys. */
export function unsupportedPolicy(context: FindingContext): void {
  for (const { closure, gates } of closedGates(context.gates.all(), 'unsupported-policy')) {
    const name = `${closure.kind} \`${qualifiedName(closure.policy.metadata)}\``;
    const message = `${name} cannot be applied, as ${closure.detail}: ${listNames(gates)} ${gates.length === 1 ? 'denies' : 'deny'} what it is for`;
    context.report('unsupported-policy', closure.policy.metadata.nameSpan, message, {
      hint: 'complete it, or leave it out to ask about the rest; with it, no verdict of these gates allows anything',
    });
  }
}
