import { matchesGlob } from './glob.js';
import { matchesPattern } from './string-pattern.js';

const scheme = 'spiffe://';

/** The parts of `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`. */
export interface WorkloadIdentity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Reads an identity strictly; undefined for any other text. */
export function readIdentity(identity: string): WorkloadIdentity | undefined {
  if (!identity.startsWith(scheme)) return undefined;
  const [trustDomain, ns, namespace, sa, serviceAccount, ...rest] = identity.slice(scheme.length).split('/');
  if (ns !== 'ns' || sa !== 'sa' || rest.length > 0) return undefined;
  if (!trustDomain || !namespace || !serviceAccount) return undefined;
  return { trustDomain, namespace, serviceAccount };
}

/**
 * `principals` and `source.principal` (reference section 3.3): the identity without its scheme, by the string grammar. A value
 * that itself begins with `spiffe://` matches nothing; `*` matches any identity, even one that is no SPIFFE identity (section
 * 0.5).
 */
export function matchesPrincipal(value: string, identity: string | undefined): boolean {
  if (identity === undefined) return false;
  if (value === '*') return identity !== '';
  return identity.startsWith(scheme) && matchesPattern(value, identity.slice(scheme.length));
}

/**
 * `namespaces` and `source.namespace` at Envoy: a glob, looked for after any `/ns/` of the identity, and it may run over
 * slashes (reference section 3.3).
 */
export function matchesNamespace(value: string, identity: string | undefined): boolean {
  return identity !== undefined && matchesGlob(`*/ns/${value}/*`, identity);
}

/**
 * `serviceAccounts` and `source.serviceAccount`: `NAMESPACE/NAME`, or a bare name in the policy's own namespace, of any trust
 * domain. Further path segments are admitted before `sa` and after the name, as upstream's expression admits them (reference
 * section 3.3).
 */
export function matchesServiceAccount(value: string, policyNamespace: string, identity: string | undefined): boolean {
  if (identity === undefined || !identity.startsWith(scheme)) return false;
  const [namespace, account] = value.includes('/') ? value.split('/') : [policyNamespace, value];
  const marker = `/ns/${namespace}/`;
  for (let at = identity.indexOf(marker, scheme.length + 1); at >= 0; at = identity.indexOf(marker, at + 1)) {
    if (holdsAccount(identity.slice(at + marker.length), `sa/${account}`)) return true;
  }
  return false;
}

function holdsAccount(rest: string, account: string): boolean {
  if (endsAfter(rest, 0, account)) return true;
  for (let at = rest.indexOf('/', 1); at >= 0; at = rest.indexOf('/', at + 1)) if (endsAfter(rest, at + 1, account)) return true;
  return false;
}

function endsAfter(text: string, at: number, part: string): boolean {
  const end = at + part.length;
  return text.startsWith(part, at) && (end === text.length || (text[end] === '/' && end + 1 < text.length));
}

/**
 * `trustDomains` and `source.trustDomain`: the first segment of the identity, by the string grammar (reference section 3.3). A
 * value with slashes is compared with as many segments.
 */
export function matchesTrustDomain(value: string, identity: string | undefined): boolean {
  if (identity === undefined || !identity.startsWith(scheme)) return false;
  const path = identity.slice(scheme.length);
  if (value === '*') return true;
  if (value.startsWith('*')) {
    const first = path.indexOf('/');
    const found = path.indexOf(`${value.slice(1)}/`);
    return first >= 0 && found >= 0 && found <= first;
  }
  if (value.endsWith('*')) return path.startsWith(value.slice(0, -1)) && path.includes('/', value.length - 1);
  return path.startsWith(`${value}/`);
}
