import type { Text } from '../diagnostic/span.js';
import { expandTrustDomains } from '../legacy/trust-domains.js';
import { expandPrincipal } from '../reference/trust-domain-aliases.js';
import type { TranslationContext } from './translation.js';

/**
 * How to write a name so that it means the same: an AuthorizationPolicy takes a principal of one of the mesh's trust domains for that of all,
 * where a role did so for `user` and `source.principal` only (legacy reference section 2.8, reference section 3.8).
 */
export function principalValues({ value, span }: Text, expands: boolean, context: TranslationContext): readonly string[] {
  const { trustDomains, refuse } = context;
  const meant = expands ? expandTrustDomains(value, trustDomains) : [value];
  const candidates = [[value], meant];
  const found = candidates.find((candidate) =>
    sameSet(
      candidate.flatMap((each) => understood(each, context)),
      meant,
    ),
  );
  if (found === undefined)
    refuse(
      span,
      `\`${value}\` would stand for every trust domain of the mesh`,
      'write it as `user`, one subject each, if that is what you want',
    );
  return found ?? meant;
}

function understood(value: string, { dialect, gate, trustDomains }: TranslationContext): readonly string[] {
  return gate === 'ztunnel' && dialect === 'upstream' ? [value] : expandPrincipal(value, trustDomains);
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.every((each) => others.includes(each)) && others.every((each) => some.includes(each));
}
