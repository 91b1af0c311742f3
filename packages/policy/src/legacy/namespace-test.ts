import type { Text } from '../diagnostic/span.js';
import { authenticationFilter } from './authentication-metadata.js';
import { compileRegular } from './pattern/regular.js';
import { isText } from './string-matcher.js';
import type { ReadingContext, RoleTest } from './test.js';

/**
 * The namespace in the peer's identity (legacy reference section 2.8). Upstream puts the value into a regular expression as it stands, after turning its
 * stars into `.*` for HTTP, and not for TCP; an expression that cannot be read makes Envoy refuse the gate.
 */
export function namespaceTest({ value, span }: Text, context: ReadingContext): RoleTest {
  const inner = context.layer === 'http' ? value.replaceAll('*', '.*') : value;
  const compiled = compileRegular(`.*/ns/${inner}/.*`);
  if ('problem' in compiled) {
    context.refuse(`namespace \`${value}\` makes no regular expression: ${compiled.problem}`, span);
    return () => false;
  }
  const { matches } = compiled;
  return context.layer === 'http'
    ? ({ metadata }) => isText(metadata(authenticationFilter, 'source.principal'), matches)
    : ({ peerNames }) => peerNames?.some(matches) === true;
}
