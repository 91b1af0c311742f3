import type { Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';

/** Checks the values of `destination.port` in the older generation: one that cannot be read would be dropped (legacy reference section 2.4). */
export function checkRolePorts(values: readonly Text[], report: Report): void {
  for (const { value, span } of values) {
    if (/^[0-9]+$/.test(value) && Number(value) <= 65_535) continue;
    report('role-value', span, `\`${value}\` is not a port`, { hint: 'write a number from 0 to 65535' });
  }
}
