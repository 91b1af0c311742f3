import { CertificateAuthority, createCertificateRequest } from '@sallyport/control';

/** A key and certificate of one end, with what it judges the other by; PEM. */
export interface BenchCertificate {
  readonly identity: string;
  readonly key: string;
  readonly chain: string;
  readonly bundle: string;
}

/** Issues the certificates of everything that is measured beside the mesh, from a root of this run. */
export async function issueCertificates<Name extends string>(
  names: readonly Name[],
): Promise<Readonly<Record<Name, BenchCertificate>>> {
  const authority = await CertificateAuthority.open(await CertificateAuthority.createRoot('bench'));
  const issued = names.map(async (name) => {
    const { key, request } = await createCertificateRequest();
    const { identity, chain, bundle } = await authority.issue(`spiffe://cluster.local/ns/bench/sa/${name}`, request);
    return [name, { identity, key, chain, bundle }] as const;
  });
  return Object.fromEntries(await Promise.all(issued)) as Record<Name, BenchCertificate>;
}
