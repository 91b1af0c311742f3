/** The name that always means the mesh's own trust domain in a policy. */
const localAlias = 'cluster.local';

/**
 * A principal with its trust domain replaced by each of the mesh's (`own` and its aliases), if it names one of them or
 * `cluster.local`; any other value alone (reference section 3.8). A leading `*` that matches a member keeps the value for that
 * member.
 */
export function expandPrincipal(value: string, trustDomains: readonly string[]): readonly string[] {
  const [named, ...rest] = value.split('/');
  if (named === undefined || rest.length !== 4 || named === '*' || !isMember(named, trustDomains)) return [value];
  return unique(trustDomains.map((member) => (covers(named, member) ? value : [member, ...rest].join('/'))));
}

/** An exact trust domain that names one of the mesh's as all of them; any other value alone (reference section 3.8). */
export function expandTrustDomain(value: string, trustDomains: readonly string[]): readonly string[] {
  if (value.startsWith('*') || value.endsWith('*')) return [value];
  return value === localAlias || trustDomains.includes(value) ? unique(trustDomains) : [value];
}

function isMember(named: string, trustDomains: readonly string[]): boolean {
  return named === localAlias || trustDomains.some((member) => named === member || covers(named, member));
}

function covers(named: string, member: string): boolean {
  return named.startsWith('*') && member.endsWith(named.slice(1));
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
