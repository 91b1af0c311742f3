import type { Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';

/**
 * Checks trust domains (reference section 1.3, E25): at most one `*`, at an end, and no `/`. A condition admits `/` upstream,
 * where it can never match.
 */
export function checkTrustDomains(values: readonly Text[], report: Report, slashAllowed: boolean): void {
  for (const { value, span } of values) {
    const problem = problemOf(value, slashAllowed);
    if (problem === undefined) continue;
    report('invalid-trust-domain', span, `\`${value}\` is not a trust domain: ${problem}`, {
      hint: 'write a name such as `cluster.local`, with at most one `*` at its beginning or end',
    });
  }
}

function problemOf(value: string, slashAllowed: boolean): string | undefined {
  const star = value.indexOf('*');
  if (star !== value.lastIndexOf('*')) return 'there is more than one `*`';
  if (star > 0 && star < value.length - 1) return '`*` stands in the middle';
  return value.includes('/') && !slashAllowed ? 'it has a `/`' : undefined;
}
