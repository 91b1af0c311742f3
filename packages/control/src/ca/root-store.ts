import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority, type CertificateAuthorityOptions } from './certificate-authority.js';
import { Ledger } from './ledger.js';

/**
 * Opens the authority that is kept in `directory`, or makes one where there is none or it cannot be used any more. Files for
 * this user only; the key is written first, so that a certificate never stands without it. Rejects where the record of what it has
 * issued and revoked cannot be read: what was revoked must stay so.
 */
export async function openAuthority(
  directory: string,
  name: string,
  given: Omit<CertificateAuthorityOptions, 'ledger'> = {},
): Promise<CertificateAuthority> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ledger = await Ledger.open(join(directory, 'certificates.jsonl'), given.now?.() ?? new Date());
  const options = { ...given, ledger };
  const kept = await openKept(directory, options);
  if (kept !== undefined) return kept;
  const material = await CertificateAuthority.createRoot(name, given.now?.());
  await replace(join(directory, 'root-key.pem'), material.key);
  await replace(join(directory, 'root-certificate.pem'), material.certificate);
  return CertificateAuthority.open(material, options);
}

async function openKept(directory: string, options: CertificateAuthorityOptions): Promise<CertificateAuthority | undefined> {
  try {
    const key = await readFile(join(directory, 'root-key.pem'), 'utf8');
    const certificate = await readFile(join(directory, 'root-certificate.pem'), 'utf8');
    return await CertificateAuthority.open({ key, certificate }, options);
  } catch {
    return undefined;
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
