import { matchesRequestPrincipal } from '../../reference/request-principal.js';
import { matchesPattern } from '../../reference/string-pattern.js';
import { onePerClass } from './text-classes.js';

/** Who a token says that it is about. */
interface TokenPrincipal {
  readonly iss: string;
  readonly sub: string;
}

/** One issuer and subject for each class that patterns of `ISSUER/SUBJECT` tell apart; issuers are those that the gate accepts. */
export function requestPrincipalClasses(patterns: Iterable<string>, issuers: readonly string[]): readonly TokenPrincipal[] {
  const all = [...patterns];
  const candidates = issuers.flatMap((iss) => subjectsFor(all, iss).map((sub): TokenPrincipal => ({ iss, sub })));
  return onePerClass(candidates, ({ iss, sub }) => [
    ...all.flatMap((pattern) => [matchesRequestPrincipal(pattern, { iss, sub }), matchesPattern(pattern, `${iss}/${sub}`)]),
    ...issuers.map((issuer) => issuer === iss),
  ]);
}

function subjectsFor(patterns: readonly string[], issuer: string): readonly string[] {
  const cores = patterns.map((pattern) => pattern.replace(/^\*/, '').replace(/\*$/, ''));
  const subjects = cores.flatMap((core) => [
    core.startsWith(`${issuer}/`) ? core.slice(issuer.length + 1) : core,
    core.slice(core.lastIndexOf('/') + 1),
  ]);
  return [...subjects.flatMap((sub) => [sub, `${sub}x`, `x${sub}`, `x/${sub}`, sub.slice(0, -1)]), 'other'].filter(
    (sub) => sub !== '',
  );
}
