import { isDeepStrictEqual } from 'node:util';
import {
  type Authentication,
  type ConnectionAttributes,
  type ConnectionDecider,
  type CustomStage,
  connectionDecider,
  type DialectName,
  type Engine,
  type GateBinding,
  type Inventory,
  ReadConnection,
  ReadRequest,
  type RequestAttributes,
  type RequestDecider,
  requestDecider,
  type Verdict,
} from '@sallyport/policy';
import type { CaseQuery } from '../cases/case.js';
import { findL7Gate, findZtunnel } from '../cases/find-gate.js';
import { inventoryOf } from '../cases/interpreter.js';
import type { World } from '../generate/arbitrary-world.js';

/** What comparisons came to so far. */
export interface ComparisonTally {
  decisions: number;
  allowed: number;
  /** What roles of the older generation granted, and what they did not. */
  granted: number;
  notGranted: number;
}

/** Nothing was compared yet. */
export function emptyTally(): ComparisonTally {
  return { decisions: 0, allowed: 0, granted: 0, notGranted: 0 };
}

/** A question to which two engines have different answers. */
export interface EngineDifference {
  readonly engine: string;
  readonly query: number;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Puts every question of a world to the interpreter and to other engines, and names each answer that differs in anything. */
export function compareEngines(
  world: World,
  dialect: DialectName,
  engines: Readonly<Record<string, Engine>>,
  tally: ComparisonTally,
): readonly EngineDifference[] {
  const inventory = inventoryOf(world, { name: dialect, flags: world.flags });
  const oracle = new Asked(inventory, { kind: 'interpreter' });
  const others = Object.entries(engines).map(([name, engine]) => ({ name, asked: new Asked(inventory, engine) }));
  return world.queries.flatMap((query, index) =>
    variantsOf(query, index).flatMap((variant) => {
      const expected = oracle.answers(variant);
      for (const { verdict } of expected) {
        tally.decisions += others.length;
        if (verdict.effect === 'allow') tally.allowed += others.length;
        if (verdict.reason === 'role-match') tally.granted += others.length;
        if (verdict.reason === 'no-role-match') tally.notGranted += others.length;
      }
      return others.flatMap(({ name, asked }) => {
        const actual = asked.answers(variant);
        return isDeepStrictEqual(actual, expected) ? [] : [{ engine: name, query: index, expected, actual }];
      });
    }),
  );
}

type Query = World['queries'][number];

/** A question with what cases cannot say of it. */
interface Variant {
  readonly query: Query;
  readonly authentication?: Authentication;
  readonly metadata?: ConnectionAttributes['metadata'];
  readonly awaited?: readonly string[];
}

const filter = 'envoy.filters.network.demo';
const metadata = [
  { [filter]: { colour: 'blue' } },
  { [filter]: { colour: ['green', 'red'] } },
  { [filter]: { colour: 7 } },
] as const;
const claims = [
  { iss: 'issuer', sub: 'alice', aud: ['shop', 'other'], azp: 'app', groups: ['staff', 'admin'] },
  { iss: 'issuer', sub: 'bob', aud: 'shop', groups: 'staff' },
  { iss: 'a/b', sub: '', groups: [] },
  { iss: 1, sub: 'alice', aud: [''], azp: '' },
] as const;

/** The question as it is, and with one thing more of what a gate can know. */
function variantsOf(query: Query, index: number): readonly Variant[] {
  const published = { query, metadata: metadata[index % metadata.length] ?? {} };
  const awaited = { query, awaited: [filter] };
  const more = index % 4 === 0 ? awaited : published;
  if (query.request === undefined) return [{ query }, more];
  const held = claims[index % claims.length] ?? {};
  const refused = { status: 401, body: 'refused', wwwAuthenticate: 'Bearer' } as const;
  const authentication = { audiences: [], claims: held, edits: { removed: [], added: [] } };
  return [
    { query },
    index % 5 === 0 ? more : { query, authentication: index % 7 === 0 ? { ...authentication, refused } : authentication },
  ];
}

/** A connection as a gate has it: the same object for all that is asked about it, or about another that is like it. */
interface KnownConnection {
  readonly plain: ConnectionAttributes;
  readonly read: ConnectionAttributes;
}

/**
 * The same once more, as a parser has read it, and again: what is kept with a connection is first made, and then used. Then on a connection that
 * was read when it was accepted.
 */
const again: readonly {
  readonly of: (known: KnownConnection) => ConnectionAttributes;
  readonly read: (request: RequestAttributes) => RequestAttributes;
}[] = [
  { of: ({ plain }) => plain, read: (request) => new ReadRequest(request) },
  { of: ({ plain }) => plain, read: (request) => request },
  { of: ({ read }) => read, read: (request) => new ReadRequest(request) },
  { of: ({ read }) => read, read: (request) => request },
];

/** One answer: a verdict, or the policy that an authorizer would be asked about. */
interface Answered {
  readonly verdict: Verdict;
  readonly asked: unknown;
}

/** The gates of one mesh with the deciders of one engine, each made once. */
class Asked {
  readonly #gates = new Map<string, { readonly address: string; readonly decider: ConnectionDecider | RequestDecider }>();
  /** Of one source one object, as a gate has it, so that what is kept with a connection is used. */
  readonly #connections = new Map<string, KnownConnection>();

  constructor(
    private readonly inventory: Inventory,
    private readonly engine: Engine,
  ) {}

  answers(variant: Variant): readonly Answered[] {
    const { query, authentication } = variant;
    const { address, decider } = this.#gate(query);
    const known = this.#connection(variant, address);
    const connection = known.plain;
    if (query.request === undefined || !('request' in decider)) {
      const stage = decider.authorizeConnection(connection);
      const settled = { routeBy: 'received', responseHeaders: [], consulted: [] } as const;
      return [
        { verdict: decider.connection(connection), asked: askedBy(stage) },
        { verdict: decider.connection(known.read, settled), asked: undefined },
      ];
    }
    const request = requestOf(query.request, authentication);
    const asked = askedBy(decider.authorizeRequest(connection, request));
    const verdict = decider.request(connection, request);
    if (this.engine.kind === 'interpreter') return [{ verdict, asked }, ...again.map(() => ({ verdict, asked: undefined }))];
    return [
      { verdict, asked },
      ...again.map(({ of, read }) => ({ verdict: decider.request(of(known), read(request)), asked: undefined })),
    ];
  }

  #gate(query: Query): { readonly address: string; readonly decider: ConnectionDecider | RequestDecider } {
    const key = `${query.layer} ${query.target}`;
    const known = this.#gates.get(key);
    if (known !== undefined) return known;
    const { binding, address } =
      query.layer === 'ztunnel' ? findZtunnel(this.inventory, query) : findL7Gate(this.inventory, query);
    const gate = { address, decider: this.#decider(binding) };
    this.#gates.set(key, gate);
    return gate;
  }

  #decider(binding: GateBinding): ConnectionDecider | RequestDecider {
    const options = { engine: this.engine };
    return binding.gate === 'ztunnel'
      ? connectionDecider(this.inventory, binding, options)
      : requestDecider(this.inventory, binding, options);
  }

  #connection({ query: { source, port }, metadata, awaited }: Variant, destinationIp: string): KnownConnection {
    const { ip, ...names } = source;
    const plain = {
      ...names,
      sourceIp: ip,
      destinationIp,
      destinationPort: port,
      // A PROXY header may have told another address.
      ...(awaited === undefined ? {} : { remoteIp: '203.0.113.7' }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(awaited === undefined ? {} : { awaited }),
    };
    const key = JSON.stringify(plain);
    const known = this.#connections.get(key) ?? { plain, read: new ReadConnection(plain) };
    this.#connections.set(key, known);
    return known;
  }
}

function requestOf(request: NonNullable<CaseQuery['request']>, authentication: Authentication | undefined): RequestAttributes {
  const { method = 'GET', path = '/', host = 'api.shop', headers = [], http = 1 } = request;
  const base = { method, path, authority: host, headers, httpVersion: http };
  return authentication === undefined ? base : { ...base, authentication };
}

function askedBy(stage: CustomStage): unknown {
  if (stage.kind === 'settled') return stage.authorization;
  const { policy, provider, service, basis } = stage.question;
  return { policy, provider, service, basis };
}
