/** The host of an `:authority`, in lower case, without port and trailing dot. */
export function hostOfAuthority(authority: string): string {
  const bracket = authority.lastIndexOf(']');
  const colon = authority.indexOf(':', bracket + 1);
  const host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/**
 * How specifically a host name of a route or listener covers a host: -1 if not at all, more for longer ones, most for an exact
 * one. `*` and the empty name cover everything; `*.example.com` covers any number of labels before the suffix.
 */
export function hostMatchLength(pattern: string, host: string): number {
  const name = pattern.toLowerCase();
  if (name === '*' || name === '') return 0;
  if (!name.startsWith('*.')) return name === host ? exactBonus + name.length : -1;
  const suffix = name.slice(1);
  return host.length > suffix.length && host.endsWith(suffix) ? suffix.length : -1;
}

/** Longer than any host name, so that an exact one always wins. */
const exactBonus = 1000;
