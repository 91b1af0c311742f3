import type { Text } from '../diagnostic/span.js';
import type { Wanted } from './clause.js';
import { compileRegular } from './pattern/regular.js';
import type { ReadingContext } from './test.js';

/**
 * The namespace in the peer's identity (legacy reference section 2.8). Upstream puts the value into a regular
 * expression as it stands, after turning its stars into `.*` for HTTP, and not for TCP; an expression that cannot be read makes
 * Envoy refuse the gate.
 */
export function wantedNamespace({ value, span }: Text, context: ReadingContext): Wanted {
  const inner = context.layer === 'http' ? value.replaceAll('*', '.*') : value;
  const compiled = compileRegular(`.*/ns/${inner}/.*`);
  if (!('problem' in compiled)) return { kind: 'regular', ...compiled };
  context.refuse(`namespace \`${value}\` makes no regular expression: ${compiled.problem}`, span);
  return { kind: 'regular', expression: { kind: 'choice', parts: [] }, matches: () => false };
}
