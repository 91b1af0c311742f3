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
function hostMatchLength(pattern: string, host: string): number {
  const name = pattern.toLowerCase();
  if (name === '*' || name === '') return 0;
  if (!name.startsWith('*.')) return name === host ? exactBonus + name.length : -1;
  const suffix = name.slice(1);
  return host.length > suffix.length && host.endsWith(suffix) ? suffix.length : -1;
}

/** Longer than any host name, so that an exact one always wins. */
const exactBonus = 1000;

/** A route that is chosen by host name first. */
interface NamedRoute {
  readonly hostnames: readonly string[];
}

/**
 * The routes with the most specific host name that covers a host (lower case, no port): they are one virtual host, and no other is
 * looked at.
 */
export function mostSpecificRoutes<Route extends NamedRoute>(
  routes: readonly Route[],
  listenerHost: string | undefined,
  host: string,
): Route[] {
  const ofListener = hostMatchLength(listenerHost ?? '*', host);
  if (ofListener < 0) return [];
  const ranked = routes.map((route) => ({ route, rank: hostRank(route, ofListener, host) }));
  const best = Math.max(-1, ...ranked.map(({ rank }) => rank));
  return best < 0 ? [] : ranked.filter(({ rank }) => rank === best).map(({ route }) => route);
}

/** How specific the names are that route and listener have in common; a route without host names takes the listener's. */
function hostRank({ hostnames }: NamedRoute, ofListener: number, host: string): number {
  if (hostnames.length === 0) return ofListener;
  const ofRoute = Math.max(...hostnames.map((name) => hostMatchLength(name, host)));
  return ofRoute < 0 ? -1 : Math.max(ofRoute, ofListener);
}
