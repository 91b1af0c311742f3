import type { Fields } from '../decode/fields.js';
import type { Pod } from '../model/kubernetes.js';
import { checkAddresses } from './values/address.js';
import { checkServiceAccountName } from './values/service-account-name.js';

/** Checks whom a Pod runs as, and where it is. */
export function validatePod(pod: Pod, object: Fields): void {
  checkServiceAccountName(pod.spec.serviceAccountName, 'serviceAccountName', object.fields('spec'));
  const status = object.fields('status');
  if (status === undefined) return;
  const addresses = [status.text('podIP'), ...status.fieldsList('podIPs').map((entry) => entry.text('ip'))];
  checkAddresses(
    addresses.flatMap((address) => address ?? []),
    ['ip'],
    status,
  );
}
