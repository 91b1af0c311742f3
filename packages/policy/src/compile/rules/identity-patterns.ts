import { anything, type Pattern, textPart } from '../pattern.js';
import { globParts, run, wildcardParts } from './string-patterns.js';

const scheme = 'spiffe://';

/** What a value of `principals` matches of identities in the SPIFFE form. */
export function principalPattern(value: string): Pattern {
  if (value === '*') return anyIdentity;
  if (value.startsWith('*')) return { kind: 'parts', parts: [textPart(scheme), anything, textPart(value.slice(1))] };
  if (value.endsWith('*')) return { kind: 'prefix', text: scheme + value.slice(0, -1) };
  return { kind: 'exact', text: scheme + value };
}

/**
 * What a value of `namespaces` matches at Envoy. A plain name is the namespace, but for names that the form itself has between its
 * slashes: those are also found elsewhere.
 */
export function namespaceGlobPattern(value: string): Pattern {
  const isPlain = !value.includes('*') && !value.includes('/') && value !== 'ns' && value !== 'sa';
  return isPlain ? namespacePattern(value) : { kind: 'parts', parts: globParts(`*/ns/${value}/*`) };
}

/** What a value of `namespaces` matches at a ztunnel, which reads the namespace first. */
export function namespaceStringPattern(value: string): Pattern {
  if (value === '*') return anyIdentity;
  if (!value.startsWith('*') && !value.endsWith('*')) return namespacePattern(value);
  const [before, after] = [textPart(scheme), run('no-slash', 1)];
  const parts = wildcardParts(value).map((part) => (part.kind === 'run' ? run('no-slash', part.atLeast) : part));
  return { kind: 'parts', parts: [before, after, textPart('/ns/'), ...parts, textPart('/sa/'), run('any', 1)] };
}

function namespacePattern(namespace: string): Pattern {
  return { kind: 'spiffe', place: 'namespace', text: namespace };
}

/** What a value of `serviceAccounts` matches: `NAMESPACE/NAME`, or a name in the policy's own namespace. */
export function serviceAccountPattern(value: string, policyNamespace: string): Pattern {
  const [namespace, account] = value.includes('/') ? value.split('/') : [policyNamespace, value];
  return { kind: 'spiffe', place: 'account', text: `${namespace}/sa/${account}` };
}

/** What a value of `trustDomains` matches; a value with slashes is compared with more than the trust domain, and so by itself. */
export function trustDomainPattern(value: string, general: (identity: string) => boolean): Pattern {
  if (value === '*') return anyIdentity;
  if (value.includes('/')) return { kind: 'test', test: general };
  if (value.startsWith('*')) {
    return { kind: 'parts', parts: [textPart(scheme), run('no-slash', 0), textPart(`${value.slice(1)}/`), anything] };
  }
  if (value.endsWith('*')) return { kind: 'prefix', text: scheme + value.slice(0, -1) };
  return { kind: 'prefix', text: `${scheme}${value}/` };
}

const anyIdentity: Pattern = { kind: 'prefix', text: scheme };
