import type { Inventory, Workload } from '../../inventory/inventory.js';
import type { AccessRule, Constraint } from '../../resource/model/index.js';
import type { RoleDestination } from './role-scope.js';

/** Whether a rule is about a destination at all: its services, and its constraints on the destination (legacy reference section 2.2). */
export function concernsDestination(rule: AccessRule, destination: RoleDestination): boolean {
  const services = rule.services.map(({ value }) => value);
  return (
    (services.length === 0 || matchesAny(services, destination.host)) &&
    constraintsOf(rule).every((constraint) => concerns(constraint, destination))
  );
}

/** Whether a service of a rule is the one with this host name. */
export function concernsService(service: string, host: string): boolean {
  return matchesAny([service], host);
}

/** The constraints of a rule; of a repeated key the last one, as upstream has it (in `strict` none is repeated). */
export function constraintsOf({ constraints }: AccessRule): readonly Constraint[] {
  return [...new Map(constraints.map((constraint) => [constraint.key.value, constraint])).values()];
}

const labelsKey = 'destination.labels';

/** Whether a constraint is settled by the destination alone, for every connection alike. */
export function isAboutDestination(key: string): boolean {
  return key.startsWith(labelsKey) || ['destination.name', 'destination.namespace', 'destination.user'].includes(key);
}

function concerns({ key, values }: Constraint, destination: RoleDestination): boolean {
  if (!isAboutDestination(key.value)) return true;
  const patterns = values.map(({ value }) => value);
  if (!key.value.startsWith(labelsKey)) return matchesAny(patterns, attributeOf(key.value, destination));
  const label = nameInBrackets(key.value.slice(labelsKey.length));
  // Upstream drops a label without its brackets; `strict` refuses the role.
  if (label === undefined) return true;
  const value = Object.hasOwn(destination.labels, label) ? destination.labels[label] : undefined;
  return value !== undefined && matchesAny(patterns, value);
}

function attributeOf(key: string, { host, namespace, account }: RoleDestination): string {
  if (key === 'destination.namespace') return namespace;
  return key === 'destination.name' ? (host.split('.', 1)[0] ?? host) : accountName(account);
}

/**
 * What `destination.user` is read from. Upstream looks for it in the whole identity, and takes the end of a trust domain or of a namespace such as
 * `usa` for the place of the account (legacy reference section 2.2).
 */
export function accountOf({ dialect }: Inventory, { identity, serviceAccount }: Workload): string {
  return dialect.name === 'upstream' ? identity : serviceAccount;
}

/** What follows the first `sa/`, up to the next slash; the whole text where there is none. */
function accountName(account: string): string {
  const start = account.indexOf('sa/');
  return start < 0 ? account : (account.slice(start + 'sa/'.length).split('/', 1)[0] ?? account);
}

/** The name in a text that is one pair of brackets from its first to its last character; undefined for any other text. */
export function nameInBrackets(text: string): string | undefined {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : undefined;
}

/** Equal, or one star at the end or the beginning stands for anything; of two stars one is a star. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === text ||
      (pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1))) ||
      (pattern.startsWith('*') && text.endsWith(pattern.slice(1))),
  );
}
