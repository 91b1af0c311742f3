import { nearestName } from '../../decode/nearest.js';

/** One attribute that a condition may look at. */
export interface ConditionKey {
  /** The whole key, or for a bracketed one what it starts with. */
  readonly name: string;
  readonly bracketed: boolean;
  /** How to write it. */
  readonly shown: string;
}

const plainKeys = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'destination.ip',
  'destination.port',
  'connection.sni',
];

/** Every attribute that conditions may look at (reference section 1.3, table). */
const conditionKeys: readonly ConditionKey[] = [
  ...plainKeys.map((name) => ({ name, bracketed: false, shown: name })),
  { name: 'request.headers', bracketed: true, shown: 'request.headers[NAME]' },
  { name: 'request.auth.claims', bracketed: true, shown: 'request.auth.claims[NAME]' },
  { name: 'experimental.envoy.filters.', bracketed: true, shown: 'experimental.envoy.filters.FILTER[KEY]' },
];

/** The attribute that a key names. Upstream goes by the beginning of a bracketed one, and so takes `request.headersX[a]` for it. */
export function findConditionKey(key: string): ConditionKey | undefined {
  return conditionKeys.find(({ name, bracketed }) => (bracketed ? key.startsWith(name) : key === name));
}

/** Attributes that people look for among conditions and that have a place of their own, or had one in an earlier generation. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['request.method', 'write it as `methods` of an operation'],
  ['request.path', 'write it as `paths` of an operation'],
  ['request.url_path', 'write it as `paths` of an operation'],
  ['request.host', 'write it as `hosts` of an operation'],
  ['destination.namespace', 'the policy is in force in its own namespace'],
  ['destination.labels', 'select workloads by `selector`'],
  ['destination.name', 'attach the policy by `selector` or `targetRefs`'],
  ['destination.user', 'attach the policy by `selector` or `targetRefs`'],
  ['source.user', 'write `source.principal`, or `serviceAccounts` of a source'],
  ['source.labels', 'write `source.principal`: a gate knows identities, not labels, of its clients'],
]);

/** What to write instead of a key that is none. */
export function hintForUnknown(key: string): string {
  const place = elsewhere.get(key.replace(/\[.*$/, ''));
  if (place !== undefined) return place;
  const near = nearestName(
    key,
    conditionKeys.map(({ name }) => name),
  );
  return near === undefined ? `write one of ${conditionKeys.map(({ shown }) => shown).join(', ')}` : `did you mean \`${near}\`?`;
}

/** Ends in `]`, with a `[` that is neither first nor directly before it. */
export function isBracketed(key: string): boolean {
  const open = key.indexOf('[');
  return key.endsWith(']') && open > 0 && open < key.length - 2;
}

const token = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;

/**
 * What makes a bracketed key a near-miss, which upstream accepts and then never matches or denies everything; undefined if nothing
 * does. `strict` refuses near-misses.
 */
export function keyProblem(known: ConditionKey, key: string): string | undefined {
  const open = key.indexOf('[');
  const between = key.slice(known.name.length, open);
  const filter = known.name.endsWith('.');
  if (filter ? between === '' : between !== '') return filter ? 'it names no filter' : `\`${between}\` stands before the bracket`;
  const names = key.slice(open + 1, -1).split('][');
  if (names.some((name) => name === '' || name.includes('[') || name.includes(']'))) return 'its brackets do not pair';
  if (names.length > 1 && known.name !== 'request.auth.claims') return 'it has more than one name in brackets';
  const [name = ''] = names;
  if (known.name === 'request.headers' && !token.test(name.replace(/^:/, ''))) return `\`${name}\` is not the name of a header`;
  return undefined;
}
