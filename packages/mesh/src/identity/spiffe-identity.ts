/** A workload identity of the form that the mesh uses: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`. */
export interface SpiffeIdentity {
  /** The whole URI, as it enters verdicts and logs. */
  readonly uri: string;
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The SPIFFE specification bounds an identity to 2,048 bytes and its trust domain to 255. */
const longestUri = 2048;
const longestTrustDomain = 255;

/**
 * Parses an identity strictly: exactly the five parts, lower-case scheme and trust domain, no empty, `.` or `..` segment, no
 * percent-encoding, query, fragment, port or user. Anything else is `undefined`, never a guess (reference section 7.2).
 */
export function parseSpiffeIdentity(uri: string): SpiffeIdentity | undefined {
  if (uri.length > longestUri) return undefined;
  const parts = uri.split('/');
  if (parts.length !== 7) return undefined;
  const [scheme, empty, trustDomain = '', ns, namespace = '', sa, serviceAccount = ''] = parts;
  if (scheme !== 'spiffe:' || empty !== '' || ns !== 'ns' || sa !== 'sa') return undefined;
  if (!isTrustDomain(trustDomain) || !isSegment(namespace) || !isSegment(serviceAccount)) return undefined;
  return { uri, trustDomain, namespace, serviceAccount };
}

function isTrustDomain(text: string): boolean {
  return text.length > 0 && text.length <= longestTrustDomain && [...text].every(isTrustDomainCharacter);
}

function isSegment(text: string): boolean {
  return text.length > 0 && text !== '.' && text !== '..' && [...text].every(isSegmentCharacter);
}

function isTrustDomainCharacter(character: string): boolean {
  return between(character, 'a', 'z') || between(character, '0', '9') || '.-_'.includes(character);
}

function isSegmentCharacter(character: string): boolean {
  return isTrustDomainCharacter(character) || between(character, 'A', 'Z');
}

function between(character: string, low: string, high: string): boolean {
  return character >= low && character <= high;
}
