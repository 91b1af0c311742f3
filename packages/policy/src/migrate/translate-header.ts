import type { Span, Text } from '../diagnostic/span.js';
import { withCondition } from './rule-draft.js';
import { never, type Step, type TranslationContext } from './translation.js';

/**
 * One of the values of a header, pseudo headers included. Both generations compare headers alike: case matters, `*` is any value of a
 * header that is there (legacy reference section 2.6, reference section 3.2).
 */
export function translateHeader(
  name: string,
  values: readonly Text[],
  negated: boolean,
  { layer, refuse }: TranslationContext,
  place: Span,
): Step {
  if (layer === 'tcp') {
    refuse(place, `header \`${name}\` cannot be evaluated for TCP`, 'write a rule of its own for TCP');
    return never;
  }
  for (const { value, span } of values)
    if (value === '') refuse(span, 'a header that is there and empty cannot be asked for', 'remove the empty value');
  // A pseudo header is always there.
  if (name.startsWith(':') && values.some(({ value }) => value === '*')) return negated ? never : httpOnly;
  return (rule) =>
    withCondition(
      rule,
      `request.headers[${name}]`,
      values.map(({ value }) => value),
      negated,
    );
}

/** Any request, and no connection. */
const httpOnly: Step = (rule) => ({ ...rule, http: true });
