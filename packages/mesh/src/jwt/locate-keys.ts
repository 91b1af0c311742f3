import type { JwtRule } from '@sallyport/policy';
import { fetchText } from './fetch-text.js';
import { isRecord, KeySetError, parseJson } from './key-set.js';

/** Where the keys of a rule are: at an address, or found out from the issuer. */
export type KeyLocation = { readonly uri: string } | { readonly issuer: string };

/** The location of a rule's keys; undefined where they stand in the rule, or where it says nothing. */
export function keyLocation({ jwks, jwksUri, issuer }: JwtRule): KeyLocation | undefined {
  if (jwks !== undefined) return undefined;
  if (jwksUri !== undefined) return { uri: jwksUri };
  return issuer === undefined ? undefined : { issuer };
}

/**
 * The address of an issuer's keys by OIDC discovery (reference section 8.5). The document has to be about this issuer, and may not
 * lead from https to http.
 */
export async function discoverKeys(issuer: string, timeoutMs: number, closed: AbortSignal): Promise<string> {
  const url = readUrl(`${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`);
  if (url === undefined) throw new KeySetError('the issuer is no address, so its keys cannot be found');
  const document = parseJson((await fetchText(url.href, timeoutMs, closed)).text);
  if (!isRecord(document) || document.issuer !== issuer) throw new KeySetError('its configuration is about another issuer');
  const keys = typeof document.jwks_uri === 'string' ? readUrl(document.jwks_uri) : undefined;
  if (keys === undefined) throw new KeySetError('its configuration names no address of keys');
  if (url.protocol === 'https:' && keys.protocol !== 'https:') throw new KeySetError('its configuration leads to plain http');
  return keys.href;
}

function readUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}
