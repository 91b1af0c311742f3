import type { FindingContext } from '../finding-context.js';
import { principalsOf, principalsOfBinding } from './principals.js';

/** Principals written with their scheme: a gate strips it from the peer's identity only, so they never match (reference section 6.3, legacy reference section 2.8). */
export function principalWithScheme(context: FindingContext): void {
  const { policies, serviceRoleBindings } = context.inventory;
  for (const { value, span } of [...policies.flatMap(principalsOf), ...serviceRoleBindings.flatMap(principalsOfBinding)]) {
    if (!value.startsWith('spiffe://')) continue;
    const message = `principal \`${value}\` never matches: principals are written without \`spiffe://\``;
    context.report('principal-with-scheme', span, message, { hint: `write \`${value.slice('spiffe://'.length)}\`` });
  }
}
