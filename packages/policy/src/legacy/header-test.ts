import type { Span } from '../diagnostic/span.js';
import { lowerAscii } from '../reference/string-pattern.js';
import { headerMatcher } from './string-matcher.js';
import type { ReadingContext, RoleTest } from './test.js';

/** A question about one header, pseudo headers included. Envoy has it on HTTP only, and wants a name. */
export function headerTest(name: string, value: string, span: Span, context: ReadingContext): RoleTest {
  if (context.layer === 'tcp')
    context.refuse(`header \`${name}\` cannot be evaluated for TCP, and Envoy refuses the gate for it`, span);
  else if (name === '' || hasControl(name))
    context.refuse(`\`${name}\` is not the name of a header, and Envoy refuses the gate for it`, span);
  const matches = headerMatcher(value);
  const lower = lowerAscii(name);
  return ({ headers }) => headers !== undefined && matches(headers(lower));
}

function hasControl(name: string): boolean {
  return name.includes('\0') || name.includes('\r') || name.includes('\n');
}
