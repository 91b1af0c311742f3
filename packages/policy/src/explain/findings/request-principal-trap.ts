import type { FindingContext } from '../finding-context.js';
import { sourceTexts } from './principals.js';

/** Request principals that mean something else than they seem to (reference section 3.5). */
export function requestPrincipalTrap(context: FindingContext): void {
  for (const policy of context.inventory.policies) {
    for (const { value, span } of sourceTexts(policy, 'requestPrincipals', 'request.auth.principal')) {
      const trap = trapIn(value);
      if (trap !== undefined)
        context.report('request-principal-trap', span, `request principal \`${value}\` ${trap.problem}`, { hint: trap.hint });
    }
  }
}

/** What is wrong with a request principal, if anything. The value is split at its last slash into issuer and subject. */
function trapIn(value: string): { readonly problem: string; readonly hint: string } | undefined {
  if (value === '*') return undefined;
  const slash = value.lastIndexOf('/');
  if (slash < 0) {
    if (value.startsWith('*') || value.endsWith('*')) return undefined;
    return {
      problem: 'has no subject, and matches only a token whose subject is empty',
      hint: `write \`${value}/*\` for every subject of that issuer`,
    };
  }
  const issuer = value.slice(0, slash);
  const subject = value.slice(slash + 1);
  if (value.startsWith('*') && subject !== '*' && subject.includes('*')) {
    return {
      problem: `takes the subject \`${subject}\` literally, star included`,
      hint: 'a value that begins with `*` takes no second wildcard',
    };
  }
  if (issuer.endsWith(':/')) {
    return {
      problem: `is split into issuer \`${issuer}\` and subject \`${subject}\`, and matches no token`,
      hint: 'write issuer and subject: `https://issuer.example/*`',
    };
  }
  return undefined;
}
