/** The name that always means the mesh's own trust domain in a binding. */
const localAlias = 'cluster.local';

/**
 * A principal with its trust domain replaced by each of the mesh's, where it names one of them or `cluster.local`; any other value alone
 * (legacy reference section 2.8). A trust domain that begins with a star stays as it is for the members that it covers.
 */
export function expandTrustDomains(value: string, trustDomains: readonly string[]): readonly string[] {
  const [named, ...rest] = value.split('/');
  if (named === undefined || rest.length !== 4 || named === '*' || !isMember(named, trustDomains)) return [value];
  return [...new Set(trustDomains.map((member) => (endsWithStar(member, named) ? value : [member, ...rest].join('/'))))];
}

function isMember(named: string, trustDomains: readonly string[]): boolean {
  return (
    named === localAlias || trustDomains.some((member) => member === '*' || matches(member, named) || matches(named, member))
  );
}

function matches(text: string, pattern: string): boolean {
  return text === pattern || endsWithStar(text, pattern) || (pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1)));
}

/** Whether a pattern such as `*-domain` covers a text. */
function endsWithStar(text: string, pattern: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
