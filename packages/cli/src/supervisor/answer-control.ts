import type { CertificateAuthority } from '@sallyport/control';
import type { Inventory, Workload } from '@sallyport/policy';
import { CommandFailure } from '../exit-status.js';
import type { GrantedCertificate } from './control-socket.js';

/** What a proxy that joins the mesh asks for. */
interface CertificateWish {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly request: string;
}

/**
 * Signs for a proxy that joins the mesh as a workload identity. Only identities that some workload of the folder has: a slip in a name would
 * otherwise be a certificate that no policy means. `revocation` are the lists in force, empty where they cannot be had. Throws `CommandFailure`.
 */
export async function grantCertificate(
  authority: CertificateAuthority,
  inventory: Inventory,
  revocation: string,
  { namespace, serviceAccount, request }: CertificateWish,
): Promise<GrantedCertificate> {
  const { identity } = requireAccount(inventory, { namespace, serviceAccount });
  if (revocation === '') {
    throw new CommandFailure('the revocation lists of the mesh cannot be used, so no gate admits anybody', {
      hint: '`sallyport status` says why',
    });
  }
  const { chain, bundle, notAfter } = await authority.issue(identity, request);
  return { identity, chain, bundle, revocation, notAfter: notAfter.toISOString() };
}

/** A workload that runs as a service account. Throws `CommandFailure` where none does. */
export function requireAccount(
  inventory: Inventory,
  { namespace, serviceAccount }: Pick<CertificateWish, 'namespace' | 'serviceAccount'>,
): Workload {
  const workloads = [...inventory.workloads.values()];
  const accounts = new Set(workloads.map((workload) => `${workload.namespace}/${workload.serviceAccount}`));
  const wanted = workloads.find((one) => one.namespace === namespace && one.serviceAccount === serviceAccount);
  if (wanted === undefined) {
    throw new CommandFailure(`no workload of this mesh runs as \`${namespace}/${serviceAccount}\``, {
      hint: accounts.size === 0 ? 'its folder declares no workloads' : `there is ${[...accounts].sort().slice(0, 12).join(', ')}`,
    });
  }
  return wanted;
}
