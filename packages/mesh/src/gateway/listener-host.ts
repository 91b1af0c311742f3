import type { Listener } from '@sallyport/policy';

/**
 * The listener with the most specific host name that covers a name: exact before wildcard, longer wildcard before shorter, no host name
 * last. Undefined where none covers it.
 */
export function listenerFor(listeners: readonly Listener[], host: string): Listener | undefined {
  const name = host.toLowerCase();
  let best: Listener | undefined;
  let rank = -1;
  for (const listener of listeners) {
    const candidate = rankOf(listener.hostname, name);
    if (candidate > rank) {
      best = listener;
      rank = candidate;
    }
  }
  return best;
}

/** The host of an authority, without its port. */
export function hostOf(authority: string): string {
  if (authority.startsWith('[')) {
    return authority.slice(0, authority.indexOf(']') + 1);
  }
  const colon = authority.indexOf(':');
  return colon < 0 ? authority : authority.slice(0, colon);
}

function rankOf(hostname: string | undefined, name: string): number {
  if (hostname === undefined || hostname === '' || hostname === '*') {
    return 0;
  }
  const pattern = hostname.toLowerCase();
  if (pattern === name) {
    return Number.MAX_SAFE_INTEGER;
  }
  const suffix = pattern.startsWith('*.') ? pattern.slice(1) : undefined;
  return suffix !== undefined && name.endsWith(suffix) && name.length > suffix.length ? suffix.length : -1;
}
