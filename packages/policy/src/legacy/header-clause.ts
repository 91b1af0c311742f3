import type { Span } from '../diagnostic/span.js';
import { lowerAscii } from '../reference/string-pattern.js';
import type { RoleAttribute, Wanted } from './clause.js';
import type { ReadingContext } from './test.js';

/** One header, pseudo headers included. */
export function headerAttribute(name: string): RoleAttribute {
  return { kind: 'header', name: lowerAscii(name) };
}

/** A value that is wanted of a header. Envoy has it on HTTP only, and wants a name. */
export function wantedOfHeader(name: string, value: string, span: Span, context: ReadingContext): Wanted {
  if (context.layer === 'tcp')
    context.refuse(`header \`${name}\` cannot be evaluated for TCP, and Envoy refuses the gate for it`, span);
  else if (name === '' || hasControl(name))
    context.refuse(`\`${name}\` is not the name of a header, and Envoy refuses the gate for it`, span);
  return { kind: 'header', value };
}

function hasControl(name: string): boolean {
  return name.includes('\0') || name.includes('\r') || name.includes('\n');
}
