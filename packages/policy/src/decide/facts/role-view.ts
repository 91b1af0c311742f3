import { authenticationFilter, authenticationMetadata } from '../../legacy/authentication-metadata.js';
import { claimOf } from '../../legacy/clause.js';
import type { RoleFacts } from '../../legacy/role-facts.js';
import type { Facts } from '../../reference/facts.js';
import type { HeaderView } from '../../reference/headers.js';
import type { IpAddress } from '../../reference/ip-range.js';
import type {
  ConnectionAttributes,
  DynamicMetadata,
  JsonObject,
  JsonValue,
  RequestAttributes,
} from '../../verdict/attributes.js';
import { firstWord } from './token-words.js';

const scheme = 'spiffe://';
const nobody: readonly string[] = [];

/** What roles are asked about of a connection, as the destination sees it. Read again for each connection, unless it is kept with one. */
export class RoleConnection {
  sourceIp: IpAddress = { bits: 32, value: 0n };
  destinationIp: IpAddress = { bits: 32, value: 0n };
  destinationPort = 0;
  sni = '';
  metadata: DynamicMetadata | undefined;
  awaited: readonly string[] = nobody;
  #peerNames: readonly string[] | undefined;
  #identity: string | undefined;
  #peer: string | undefined;
  readonly #lent = [''];

  /** Takes a connection whose attributes have been read, and where the destination listens itself. */
  turnTo(connection: ConnectionAttributes, facts: Facts, destinationIp: IpAddress, destinationPort: number): this {
    const { identity, peerNames, metadata, awaited } = connection;
    if (facts.sourceIp === undefined) throw new Error('a connection that was read has an address');
    this.sourceIp = facts.sourceIp;
    this.destinationIp = destinationIp;
    this.destinationPort = destinationPort;
    this.sni = facts.sni ?? '';
    this.metadata = metadata;
    this.awaited = awaited ?? nobody;
    this.#peerNames = peerNames;
    if (identity !== this.#identity) this.#peer = undefined;
    this.#identity = identity;
    return this;
  }

  /** Every name in the peer's certificate. */
  get peerNames(): readonly string[] | undefined {
    if (this.#peerNames !== undefined || this.#identity === undefined) return this.#peerNames;
    this.#lent[0] = this.#identity;
    return this.#lent;
  }

  /** The peer's identity as the authentication filter publishes it. */
  get peer(): string | undefined {
    const identity = this.#identity;
    if (identity === undefined || identity === '') return undefined;
    this.#peer ??= identity.startsWith(scheme) ? identity.slice(scheme.length) : identity;
    return this.#peer === '' ? undefined : this.#peer;
  }
}

/**
 * What roles are asked about one connection or request after another, read in place, and only where a role asks: equal to `roleFacts`. There is
 * one object for all that are judged: what it says holds until it is turned to the next one.
 */
export class RoleView implements RoleFacts {
  /** How many turns have begun. */
  turn = 0;
  readonly metadata: RoleFacts['metadata'] = (filter, key) => this.#published(filter, key);
  headers: HeaderView | undefined;
  #connection = new RoleConnection();
  #request: RequestAttributes | undefined;
  /** A list of one, lent to whoever asks for a claim until the next one is asked for. */
  readonly #lent = [''];

  /** Begins the next turn, before anything is read for it. */
  begin(): number {
    this.turn += 1;
    return this.turn;
  }

  /** Turns to a connection, or to a request on it. */
  turnTo(connection: RoleConnection, request: RequestAttributes | undefined, headers: HeaderView | undefined): void {
    this.#connection = connection;
    this.#request = request;
    this.headers = headers;
  }

  /** Whether the request itself says who its peer is, which otherwise cannot change during a connection. */
  get saysWhoPeerIs(): boolean {
    const own = this.#request?.metadata;
    return own !== undefined && Object.hasOwn(own, authenticationFilter);
  }

  get peerNames(): readonly string[] | undefined {
    return this.#connection.peerNames;
  }

  get sourceIp(): IpAddress {
    return this.#connection.sourceIp;
  }

  get destinationIp(): IpAddress {
    return this.#connection.destinationIp;
  }

  get destinationPort(): number {
    return this.#connection.destinationPort;
  }

  get sni(): string {
    return this.#connection.sni;
  }

  get awaited(): readonly string[] {
    return this.#connection.awaited;
  }

  /** As `claimOf`. */
  claim(name: string): JsonValue | undefined {
    if (this.#publisher(authenticationFilter) !== undefined) return claimOf(this, name);
    const claims = this.#request?.authentication?.claims;
    if (claims === undefined || !Object.hasOwn(claims, name)) return undefined;
    const claim = claims[name];
    if (typeof claim !== 'string') return claim;
    if (claim === '' || claim.includes(' ')) return claim.split(' ').filter((word) => word !== '');
    this.#lent[0] = claim;
    return this.#lent;
  }

  #published(filter: string, key: string): JsonValue | undefined {
    const publisher = this.#publisher(filter);
    if (publisher === undefined) return filter === authenticationFilter ? this.#authentication(key) : undefined;
    const keys = publisher[filter];
    return keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
  }

  /** Of what a filter published about a request and about its connection, what it published about the request counts. */
  #publisher(filter: string): DynamicMetadata | undefined {
    const ofRequest = this.#request?.metadata;
    if (ofRequest !== undefined && Object.hasOwn(ofRequest, filter)) return ofRequest;
    const { metadata } = this.#connection;
    return metadata !== undefined && Object.hasOwn(metadata, filter) ? metadata : undefined;
  }

  /** As `authenticationMetadata`. */
  #authentication(key: string): JsonValue | undefined {
    const { peer } = this.#connection;
    if (key === 'source.principal' || key === 'source.user') return peer;
    const authentication = this.#request?.authentication;
    if (authentication === undefined) return undefined;
    const { claims } = authentication;
    switch (key) {
      case 'request.auth.principal': {
        const issuer = firstWordOf(claims, 'iss');
        const subject = firstWordOf(claims, 'sub');
        return issuer === undefined || subject === undefined ? undefined : `${issuer}/${subject}`;
      }
      case 'request.auth.audiences':
        return firstWordOf(claims, 'aud');
      case 'request.auth.presenter':
        return firstWordOf(claims, 'azp');
      default:
        return authenticationMetadata(peer, authentication)[key];
    }
  }
}

function firstWordOf(claims: JsonObject, name: string): string | undefined {
  return Object.hasOwn(claims, name) ? firstWord(claims[name]) : undefined;
}
