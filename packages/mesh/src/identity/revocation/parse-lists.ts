import { RevocationList } from './revocation-list.js';

const pemBlock = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*?)-----END X509 CRL-----/g;
const anyBegin = /-----BEGIN [A-Z0-9 ]*-----/g;

/**
 * Reads revocation lists: one in DER, or any number in PEM. Throws, with one line that names the list by its place, where any of it is no list: half of what
 * was revoked must not pass for the whole.
 */
export function parseLists(bytes: Uint8Array): RevocationList[] {
  const ders = derOf(bytes);
  return ders.map((der, index) => {
    try {
      return new RevocationList(der);
    } catch (error) {
      throw new Error(`list ${index + 1} of ${ders.length} ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function derOf(bytes: Uint8Array): Uint8Array[] {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN')) return [bytes];
  const blocks = [...text.matchAll(pemBlock)].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
  const begun = text.match(anyBegin)?.length ?? 0;
  if (blocks.length === 0 || blocks.length !== begun) throw new Error('holds something else than lists, or one that has no end');
  return blocks;
}
