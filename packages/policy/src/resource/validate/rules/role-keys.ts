import { nearestName } from '../../decode/nearest.js';

/** One attribute of the older generation's constraints or properties. */
interface RoleKey {
  /** The whole key, or for a bracketed one what stands before the bracket. */
  readonly name: string;
  readonly bracketed: boolean;
  /** How to write it. */
  readonly shown: string;
}

const plain = (name: string): RoleKey => ({ name, bracketed: false, shown: name });
const bracketed = (name: string, inside: string): RoleKey => ({ name, bracketed: true, shown: `${name}[${inside}]` });

const constraintKeys: readonly RoleKey[] = [
  ...['destination.ip', 'destination.port', 'destination.name', 'destination.namespace', 'destination.user'].map(plain),
  ...['connection.sni', ':path', ':method', ':authority'].map(plain),
  bracketed('destination.labels', 'NAME'),
  bracketed('request.headers', 'NAME'),
  { name: 'experimental.envoy.filters.', bracketed: true, shown: 'experimental.envoy.filters.FILTER[KEY]' },
];

const propertyKeys: readonly RoleKey[] = [
  ...['source.ip', 'source.namespace', 'source.principal', 'source.user'].map(plain),
  ...['request.auth.principal', 'request.auth.audiences', 'request.auth.presenter'].map(plain),
  bracketed('request.headers', 'NAME'),
  bracketed('request.auth.claims', 'NAME'),
];

/** The constraint that a key names (legacy reference section 2.4); undefined for one that upstream drops in silence. */
export function findConstraintKey(key: string): RoleKey | undefined {
  return find(constraintKeys, key);
}

/** The property that a key names (legacy reference section 2.5); undefined for one that upstream matches with nothing. */
export function findPropertyKey(key: string): RoleKey | undefined {
  return find(propertyKeys, key);
}

function find(keys: readonly RoleKey[], key: string): RoleKey | undefined {
  return keys.find((known) => (known.bracketed ? key.startsWith(known.name) : key === known.name));
}

/** Whether a bracketed key lacks its one pair of brackets around a name: upstream drops such a key in silence. */
export function keyWithoutName({ name, bracketed }: RoleKey, key: string): boolean {
  if (!bracketed) return false;
  const rest = key.slice(name.length);
  const open = rest.indexOf('[');
  const filter = name.endsWith('.');
  return open < 0 || (filter ? open === 0 : open !== 0) || !rest.endsWith(']') || rest.length < open + 3;
}

/** What stands in the brackets of a key. */
export function headerNameOf(key: string): string {
  return key.slice(key.indexOf('[') + 1, -1);
}

/** A header's name, pseudo headers included. */
export function isHeaderName(name: string): boolean {
  return /^:?[-!#$%&'*+.^_`|~0-9A-Za-z]+$/.test(name);
}

/** What to write instead of a constraint that is none. */
export function hintForConstraint(key: string): string {
  if (findPropertyKey(key) !== undefined) return 'it is a property: write it in a subject of a ServiceRoleBinding';
  return hintFor(constraintKeys, key);
}

/** What to write instead of a property that is none. */
export function hintForProperty(key: string): string {
  if (findConstraintKey(key) !== undefined) return 'it is a constraint: write it in a rule of a ServiceRole';
  return hintFor(propertyKeys, key);
}

function hintFor(keys: readonly RoleKey[], key: string): string {
  const beginning = keys.find(({ name, bracketed }) => bracketed && key.startsWith(name));
  const near =
    beginning ??
    keys.find(
      ({ name }) =>
        name ===
        nearestName(
          key.replace(/\[.*$/, ''),
          keys.map((each) => each.name),
        ),
    );
  return near === undefined ? `write one of ${keys.map(({ shown }) => shown).join(', ')}` : `write \`${near.shown}\``;
}
