import type { Fields } from '../decode/fields.js';
import type { WorkloadEntry } from '../model/istio.js';
import { checkAddresses } from './values/address.js';
import { checkServiceAccountName } from './values/service-account-name.js';

/** Checks whom a WorkloadEntry is, and where. */
export function validateWorkloadEntry(entry: WorkloadEntry, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  checkServiceAccountName(entry.serviceAccount, 'serviceAccount', spec);
  const address = spec.text('address');
  if (address !== undefined) checkAddresses([address], ['ip', 'host'], spec);
}
