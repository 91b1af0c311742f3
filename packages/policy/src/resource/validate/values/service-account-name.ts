import type { Fields } from '../../decode/fields.js';
import { isDnsSubdomain } from '../names.js';

// INVARIANT (service-account-name): the name of a service account is a DNS subdomain wherever one is written, so that no manifest can
// move the boundaries inside `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.

/** Checks the name of a service account, which the field of this name holds. */
export function checkServiceAccountName(name: string, field: string, fields: Fields | undefined): void {
  if (fields === undefined || isDnsSubdomain(name)) return;
  fields.report('invalid-name', fields.valueSpan(field), `\`${name}\` is not the name of a service account`, {
    hint: 'write lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit',
  });
}
