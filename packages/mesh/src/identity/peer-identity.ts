import { parseSpiffeIdentity, type SpiffeIdentity } from './spiffe-identity.js';

/**
 * The identity in the text form that Node.js gives of a subject alternative name (`URI:…, DNS:…`), or the reason why it is
 * refused. A value with unusual characters is quoted in that form; such a certificate is refused whole, so that no separator
 * inside a value is ever mistaken for one between values.
 */
export function identityOfSubjectAltName(text: string | undefined, trustDomains: readonly string[]): SpiffeIdentity | string {
  if (text === undefined || text === '') return 'certificate has no subject alternative name';
  if (text.includes('"')) return 'certificate has a subject alternative name with unusual characters';
  const uris = text.split(', ').filter((entry) => entry.startsWith('URI:'));
  const [first] = uris;
  if (first === undefined) return 'certificate has no URI subject alternative name';
  if (uris.length > 1) return 'certificate has several URI subject alternative names';
  const identity = parseSpiffeIdentity(first.slice('URI:'.length));
  if (identity === undefined) return 'certificate names no workload identity';
  if (!trustDomains.includes(identity.trustDomain)) return `trust domain \`${identity.trustDomain}\` is not accepted`;
  return identity;
}
