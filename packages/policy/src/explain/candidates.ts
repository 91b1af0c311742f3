import type { AuthorizationPolicy, Condition, Rule } from '../resource/model/index.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';

/** A request that somebody could send: what a gate is asked about in the search for a witness. */
export interface Candidate {
  readonly connection: ConnectionAttributes;
  readonly request: RequestAttributes;
}

/** What the values of one rule suggest asking about, by dimension. Values first, then one that none of them is. */
interface Dimensions {
  readonly identities: readonly (string | undefined)[];
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly headers: readonly (readonly (readonly [string, string])[])[];
  readonly names: readonly (string | undefined)[];
}

/** What is the same for every candidate at one gate. */
export interface Surroundings {
  readonly trustDomain: string;
  readonly destinationIp: string;
  /** The ports that this gate serves; a candidate on another port could not arrive. */
  readonly ports: readonly number[];
}

const otherAddress = '203.0.113.77';
const rulesAsked = 24;

/**
 * Requests that tell a policy's rules from one another: for each rule one that satisfies all of its values, the same with each
 * dimension changed by itself, and one that satisfies none. Sound as a search (each is a real request), not complete.
 */
export function* candidatesOf(policy: AuthorizationPolicy, around: Surroundings): Generator<Candidate> {
  const rules = policy.rules.length === 0 ? [emptyRule(policy)] : policy.rules.slice(0, rulesAsked);
  for (const rule of rules) {
    const dimensions = dimensionsOf(policy, rule, around);
    for (const choice of choices(dimensions)) yield candidate(choice, around);
  }
}

/** The identities that a policy's own values name or suggest, and one that nobody has. */
export function identitiesOf(policy: AuthorizationPolicy, trustDomain: string): readonly string[] {
  return unique(policy.rules.slice(0, rulesAsked).flatMap((rule) => ruleIdentities(policy, rule, trustDomain)));
}

/** An identity of the mesh that no policy means: whoever else there is. */
export function strangerOf(trustDomain: string): string {
  return `spiffe://${trustDomain}/ns/sallyport-stranger/sa/anyone`;
}

function emptyRule(policy: AuthorizationPolicy): Rule {
  return { index: 0, from: [], to: [], when: [], span: policy.span };
}

type Choice = { readonly [D in keyof Dimensions]: Dimensions[D][number] };

function* choices(dimensions: Dimensions): Generator<Choice> {
  const keys = Object.keys(dimensions) as (keyof Dimensions)[];
  const pick = (index: (key: keyof Dimensions) => number): Choice =>
    Object.fromEntries(keys.map((key) => [key, dimensions[key].at(index(key))])) as unknown as Choice;
  yield pick(() => 0);
  for (const varied of keys) {
    for (let index = 1; index < Math.min(dimensions[varied].length, 6); index++)
      yield pick((key) => (key === varied ? index : 0));
  }
  yield pick(() => -1);
  for (const kept of keys) yield pick((key) => (key === kept ? 0 : -1));
}

function candidate(choice: Choice, around: Surroundings): Candidate {
  return {
    connection: {
      ...(choice.identities === undefined ? {} : { identity: choice.identities }),
      sourceIp: choice.addresses ?? otherAddress,
      remoteIp: choice.addresses ?? otherAddress,
      destinationIp: around.destinationIp,
      destinationPort: choice.ports ?? 80,
      ...(choice.names === undefined ? {} : { sni: choice.names }),
    },
    request: {
      method: choice.methods ?? 'GET',
      path: choice.paths ?? '/',
      authority: choice.hosts ?? 'somewhere',
      scheme: 'http',
      headers: choice.headers ?? [],
      httpVersion: 1,
    },
  };
}

function dimensionsOf(policy: AuthorizationPolicy, rule: Rule, around: Surroundings): Dimensions {
  const operation = (field: string) =>
    rule.to
      .flatMap((entry) => entry.terms)
      .filter((term) => term.field === field)
      .flatMap((term) => term.values.map((text) => text.value));
  const address = [...sourceValues(rule, 'ipBlocks', 'source.ip'), ...sourceValues(rule, 'remoteIpBlocks', 'remote.ip')];
  const ports = [...operation('ports'), ...whenValues(rule, 'destination.port')]
    .map(Number)
    .filter((port) => around.ports.includes(port));
  return {
    identities: unique([...ruleIdentities(policy, rule, around.trustDomain), strangerOf(around.trustDomain), undefined]),
    addresses: unique([...address.map((block) => block.split('/')[0] ?? block), otherAddress]),
    ports: unique([...ports, ...around.ports]),
    methods: unique([...operation('methods').map((value) => materialise(value, 'GET')), 'GET', 'DELETE']),
    paths: unique([...operation('paths').map(samplePath), '/', '/elsewhere']),
    hosts: unique([...operation('hosts').map((value) => materialise(value, 'somewhere')), 'elsewhere']),
    headers: [rule.when.flatMap(sampleHeader), []],
    names: unique([...whenValues(rule, 'connection.sni').map((value) => materialise(value, 'somewhere')), undefined]),
  };
}

function sampleHeader(condition: Condition): (readonly [string, string])[] {
  const key = condition.key.value;
  if (!key.startsWith('request.headers[') || !key.endsWith(']')) return [];
  const value = condition.values[0] ?? condition.notValues[0];
  return value === undefined ? [] : [[key.slice('request.headers['.length, -1), materialise(value.value, 'something')]];
}

function samplePath(value: string): string {
  const plain = value.replaceAll('{**}', 'a/b').replaceAll('{*}', 'a');
  const text = plain === value ? materialise(value, 'a') : plain;
  return text.startsWith('/') ? text : `/${text}`;
}

/** A text that a pattern of section 3.2 matches: the star taken away, or `fallback` where nothing is left. */
function materialise(pattern: string, fallback: string): string {
  if (pattern === '*') return fallback;
  if (pattern.startsWith('*')) return pattern.slice(1);
  return pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
}

function ruleIdentities(policy: AuthorizationPolicy, rule: Rule, trustDomain: string): string[] {
  const accounts = sourceValues(rule, 'serviceAccounts', 'source.serviceAccount');
  const pairs = [
    ...accounts.map((value) => (value.includes('/') ? value : `${policy.metadata.namespace}/${value}`).split('/')),
    ...sourceValues(rule, 'namespaces', 'source.namespace').map((value) => [
      materialise(value.replaceAll('*', ''), 'anywhere'),
      'default',
    ]),
  ];
  const domains = sourceValues(rule, 'trustDomains', 'source.trustDomain').map((value) => materialise(value, trustDomain));
  const named = sourceValues(rule, 'principals', 'source.principal').map((value) => sampleIdentity(value, trustDomain));
  const alone = domains.map((domain) => `spiffe://${domain}/ns/default/sa/default`);
  const crossed = unique([...domains, trustDomain]).flatMap((domain) =>
    pairs.map(([ns, sa]) => `spiffe://${domain}/ns/${ns}/sa/${sa}`),
  );
  return unique([...named, ...crossed, ...alone]).filter(isIdentity);
}

/** A pattern may suggest what nobody can have: only five parts, none of them empty, get past a handshake. */
function isIdentity(text: string): boolean {
  const parts = text.slice('spiffe://'.length).split('/');
  return parts.length === 5 && parts.every((part) => part !== '') && parts[1] === 'ns' && parts[3] === 'sa';
}

/** An identity that a principal pattern matches, completed to the five parts that every identity has. */
function sampleIdentity(pattern: string, trustDomain: string): string {
  if (pattern.startsWith('spiffe://')) return pattern;
  const template = [trustDomain, 'ns', 'anywhere', 'sa', 'anyone'];
  if (pattern === '*') return `spiffe://${template.join('/')}`;
  if (pattern.startsWith('*')) {
    const parts = pattern.slice(1).split('/');
    const [first = ''] = parts;
    const rest = parts.slice(1);
    const index = template.length - parts.length;
    const joined = [...template.slice(0, Math.max(index, 0)), `${first === '' ? (template[index] ?? '') : first}`, ...rest];
    return `spiffe://${joined.join('/')}`;
  }
  if (!pattern.endsWith('*')) return `spiffe://${pattern}`;
  const parts = pattern.slice(0, -1).split('/');
  const last = parts.length - 1;
  const completed = parts.map((part, index) =>
    index === last && (part === '' || (template[index] ?? '').startsWith(part)) ? (template[index] ?? part) : part,
  );
  return `spiffe://${[...completed, ...template.slice(completed.length)].join('/')}`;
}

function sourceValues(rule: Rule, field: string, key: string): string[] {
  const terms = rule.from.flatMap((entry) => entry.terms).filter((term) => term.field === field);
  return [...terms.flatMap((term) => term.values.map((text) => text.value)), ...whenValues(rule, key)];
}

function whenValues(rule: Rule, key: string): string[] {
  return rule.when
    .filter((condition) => condition.key.value === key)
    .flatMap((condition) => [...condition.values, ...condition.notValues].map((text) => text.value));
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
