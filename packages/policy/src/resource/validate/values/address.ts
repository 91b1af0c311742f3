import type { Text } from '../../../diagnostic/span.js';
import type { Fields } from '../../decode/fields.js';
import { isDnsSubdomain } from '../names.js';
import { parseAddress, parsePrefix } from './netip.js';

/** What may stand for the address of something. */
export type AddressForm = 'ip' | 'prefix' | 'host' | 'none';

const described: Readonly<Record<AddressForm, string>> = {
  ip: 'an IP address such as `10.0.0.7`',
  prefix: 'a CIDR prefix such as `10.0.0.0/24`',
  host: 'a host name',
  none: '`None`',
};

/** Checks addresses that objects have: one that cannot be read would leave its object without any. */
export function checkAddresses(addresses: readonly Text[], forms: readonly AddressForm[], fields: Fields): void {
  for (const { value, span } of addresses) {
    if (value === '' || forms.some((form) => hasForm(value, form))) continue;
    fields.report('invalid-address', span, `\`${value}\` is not an address`, {
      hint: `write ${forms.map((form) => described[form]).join(' or ')}`,
    });
  }
}

function hasForm(text: string, form: AddressForm): boolean {
  if (form === 'none') return text === 'None';
  if (form === 'host') return text.startsWith('unix://') || isHostName(text);
  const parsed = form === 'ip' ? parseAddress(text) : text.includes('/') ? parsePrefix(text) : { problem: 'no slash' };
  return !('problem' in parsed) && parsed.zone === undefined;
}

/** A name whose last label is no number: `10.0.0.300` is a misspelt address, not a host. */
function isHostName(text: string): boolean {
  const name = text.toLowerCase().replace(/\.$/, '');
  return isDnsSubdomain(name.replace(/^\*\./, '')) && !/(^|\.)[0-9]+$/.test(name);
}
