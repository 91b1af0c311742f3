import type { Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';

/** Checks ports of policies, which are strings (reference section 1.3, E26). 0 is accepted, and matches nothing. */
export function checkPorts(values: readonly Text[], report: Report): void {
  for (const { value, span } of values) {
    if (value === '' || (/^[0-9]+$/.test(value) && Number(value) <= 65_535)) continue;
    report('invalid-port', span, `\`${value}\` is not a port`, {
      hint: 'write a number from 0 to 65535; ranges, names and wildcards are not supported',
    });
  }
}
