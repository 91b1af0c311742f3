import type { Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';
import { parseAddress, parsePrefix } from './netip.js';

/**
 * Checks IP addresses and CIDR prefixes (reference section 1.3, E23). A zone passes upstream, where no data plane can match it and
 * the value is dropped; in `strict` it is refused.
 */
export function checkIpBlocks(values: readonly Text[], report: Report, strict: boolean): void {
  for (const { value, span } of values) {
    const parsed = value.includes('/') ? parsePrefix(value) : parseAddress(value);
    if ('problem' in parsed) {
      report('invalid-ip-block', span, `\`${value}\` is not an IP address or CIDR prefix: ${parsed.problem}`, {
        hint: 'write an address such as `10.0.0.7` or a prefix such as `10.0.0.0/8`',
      });
    } else if (strict && parsed.zone !== undefined) {
      report('ip-block-zone', span, `\`${value}\` has a zone, which no gate can compare`, { hint: `remove \`%${parsed.zone}\`` });
    }
  }
}
