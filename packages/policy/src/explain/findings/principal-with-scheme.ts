import type { FindingContext } from '../finding-context.js';
import { principalsOf } from './principals.js';

/** Principals written with their scheme: a gate strips it from the peer's identity only, so they never match (reference section 6.3). */
export function principalWithScheme(context: FindingContext): void {
  for (const policy of context.inventory.policies) {
    for (const { value, span } of principalsOf(policy)) {
      if (!value.startsWith('spiffe://')) continue;
      context.report(
        'principal-with-scheme',
        span,
        `principal \`${value}\` never matches: principals are written without \`spiffe://\``,
        {
          hint: `write \`${value.slice('spiffe://'.length)}\``,
        },
      );
    }
  }
}
