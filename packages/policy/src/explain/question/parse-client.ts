import type { Inventory, Workload } from '../../inventory/inventory.js';
import { parseIpAddress } from '../../inventory/ip-address.js';
import { type Client, QuestionError } from './question.js';

/** Reads CLIENT: `NAMESPACE/WORKLOAD` (or its Deployment's name), a `spiffe://` identity, or an IP address. */
export function parseClient(inventory: Inventory, text: string): Client {
  if (text.startsWith('spiffe://')) return parseIdentity(inventory, text);
  const address = parseIpAddress(text);
  if (address !== undefined) {
    const workload = inventory.workloadByAddress.get(address);
    return workload === undefined ? { kind: 'address', address } : { kind: 'workload', workload };
  }
  return { kind: 'workload', workload: findWorkload(inventory, text.includes('/') ? text : `default/${text}`) };
}

function parseIdentity(inventory: Inventory, identity: string): Client {
  const parts = identity.slice('spiffe://'.length).split('/');
  const [trustDomain, ns, namespace, sa, account] = parts;
  if (parts.length !== 5 || !trustDomain || ns !== 'ns' || !namespace || sa !== 'sa' || !account) {
    throw new QuestionError(
      `\`${identity}\` is not a workload identity`,
      'write it as `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`',
    );
  }
  const like = [...inventory.workloads.values()].find(
    (workload) => workload.identity === identity && workload.capture === 'captured',
  );
  return { kind: 'identity', identity, namespace, ...(like === undefined ? {} : { like }) };
}

/**
 * The workload that `NAMESPACE/NAME` means: by its own name, else the first by the name of its owner, so that a Deployment's
 * name serves. Throws `QuestionError` with the names that exist.
 */
export function findWorkload(inventory: Inventory, key: string): Workload {
  const exact = inventory.workloads.get(key);
  if (exact !== undefined) return exact;
  const all = [...inventory.workloads.values(), ...[...inventory.gateways.values()].map((gateway) => gateway.workload)];
  const owned = all.find((workload) => `${workload.namespace}/${workload.ownerName}` === key);
  if (owned !== undefined) return owned;
  const namespace = key.slice(0, key.indexOf('/'));
  const names = new Set(
    all.filter((workload) => workload.namespace === namespace).map((workload) => `${namespace}/${workload.ownerName}`),
  );
  const known = [...names].slice(0, 6).join(', ');
  throw new QuestionError(
    `there is no workload \`${key}\``,
    known === '' ? `namespace \`${namespace}\` has no workloads` : `workloads of \`${namespace}\`: ${known}`,
  );
}
