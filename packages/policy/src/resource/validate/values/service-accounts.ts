import type { Span, Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';

const maximumValues = 16;
const maximumLength = 320;
const hint = 'write `SERVICE-ACCOUNT` of this namespace, or `NAMESPACE/SERVICE-ACCOUNT`';

/** Checks service accounts (reference section 1.3, E24). */
export function checkServiceAccounts(values: readonly Text[], list: Span, report: Report): void {
  if (values.length > maximumValues) {
    report('invalid-service-account', list, `${values.length} service accounts in one list, more than ${maximumValues}`, {
      hint: 'split the list over several sources',
    });
  }
  for (const { value, span } of values) {
    const problem = problemOf(value);
    if (problem !== undefined)
      report('invalid-service-account', span, `\`${value}\` is not a service account: ${problem}`, { hint });
  }
}

function problemOf(value: string): string | undefined {
  const [first = '', second, ...more] = value.split('/');
  // The empty value is reported as such by its own rule.
  if (value === '') return undefined;
  if (value.includes('*')) return 'wildcards are not allowed';
  if (more.length > 0) return 'there is more than one `/`';
  if (first === '' || second === '') return 'one side of the `/` is empty';
  return utf8Length(value) > maximumLength ? `it is longer than ${maximumLength} bytes` : undefined;
}

function utf8Length(text: string): number {
  let length = 0;
  for (const letter of text) {
    const point = letter.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
