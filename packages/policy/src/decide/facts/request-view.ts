import type { GatewayBinding, WaypointBinding } from '../../bind/binding.js';
import type { ConnectionMemo } from '../../compile/table.js';
import type { Inventory } from '../../inventory/inventory.js';
import type { Facts } from '../../reference/facts.js';
import { gateFacts } from '../../reference/request-facts.js';
import type { ConnectionAttributes, RequestAttributes } from '../../verdict/attributes.js';
import { remoteAddressAt, trustedEntry } from '../../verdict/remote-address.js';
import type { ScopeMemo } from '../compiled-scope.js';
import { fastConnectionFacts } from './connection-facts.js';
import { HttpView } from './http-view.js';
import { ReadRequest } from './plain-request.js';
import { readAddress } from './read-address.js';
import { ReadConnection } from './read-connection.js';

/** What is kept with a connection: for its policies, and for the roles of each scope. */
export interface GateMemo {
  readonly policies: ConnectionMemo;
  readonly roles: (ScopeMemo | undefined)[];
}

/** What is worked out once for a connection that came with more than one request, as long as its attributes are what they were. */
interface KnownConnection {
  readonly attributes: ConnectionAttributes;
  readonly facts: Facts;
  readonly memo: GateMemo;
}

const nobody: ConnectionAttributes = { sourceIp: '', destinationIp: '', destinationPort: 0 };
const nothing: Facts = { destinationIp: { bits: 32, value: 0n }, destinationPort: 0 };

/** So many of the connections that were met last are recognised when they are met again. */
const lately = 16;

/**
 * The facts of one request after another, for a gate that decides on many. Of a request that is as most are, with nothing to normalise, refuse or
 * edit, they are read in place, and only where a rule asks; all others are for `requestFacts`, to which this is equal wherever `view` says
 * yes. There is one object for all requests: what it says holds until the next one is viewed.
 */
export class RequestView implements Facts {
  readonly http: HttpView;
  /** How many requests were viewed. */
  turn = 0;
  /** Connections that came with more than one request: of one that does not there is nothing to keep. */
  readonly #connections = new WeakMap<ConnectionAttributes, KnownConnection>();
  readonly #lately: (ConnectionAttributes | undefined)[] = new Array<undefined>(lately).fill(undefined);
  #met = 0;
  #connection = nobody;
  #facts = nothing;
  /** Absent for a connection of which nothing is kept. */
  #memo: GateMemo | undefined;
  #request: RequestAttributes | undefined;
  #received: RequestAttributes | undefined;
  /** Which entry of X-Forwarded-For is believed of an identity, the last that was asked about. */
  #trusted: { readonly identity: string | undefined; readonly entry: number } | undefined;

  constructor(
    private readonly inventory: Inventory,
    private readonly binding: WaypointBinding | GatewayBinding,
  ) {
    this.http = new HttpView(binding);
  }

  /** Turns to a request, unless it takes more than reading in place. `received` is the request as the client sent it. */
  view(connection: ConnectionAttributes, request: RequestAttributes, received: RequestAttributes): boolean {
    // A path that had a token in it is put in order by the book.
    if (request.authentication?.edits.path !== undefined) return false;
    const path = ReadRequest.plainPath(request);
    if (path === undefined) return false;
    if (!this.#recognize(connection) && !this.#meet(connection)) return false;
    this.turn += 1;
    this.#connection = connection;
    this.#request = request;
    this.#received = received;
    this.http.turnTo(connection, request, path);
    return true;
  }

  /** Absent for a connection of which nothing is kept. */
  get memo(): GateMemo | undefined {
    return this.#memo;
  }

  get identity(): string | undefined {
    return this.#facts.identity;
  }

  get sourceIp(): Facts['sourceIp'] {
    return this.#facts.sourceIp;
  }

  get remoteIp(): Facts['remoteIp'] {
    const entry = this.#trustedEntry();
    const forwarded = entry < 1 || this.#received === undefined ? undefined : remoteAddressAt(entry, this.#received.headers);
    return forwarded === undefined ? this.#facts.remoteIp : readAddress(forwarded);
  }

  get destinationIp(): Facts['destinationIp'] {
    return this.#facts.destinationIp;
  }

  get destinationPort(): number {
    return this.#facts.destinationPort;
  }

  get sni(): string | undefined {
    return this.#facts.sni;
  }

  get metadata(): Facts['metadata'] {
    const { metadata } = this.#facts;
    const own = this.#request?.metadata;
    if (own === undefined) return metadata;
    return { published: { ...metadata?.published, ...own }, awaited: metadata?.awaited ?? [] };
  }

  #trustedEntry(): number {
    const { identity } = this.#connection;
    if (this.#trusted?.identity !== identity || this.#trusted === undefined) {
      const from = { gateway: this.binding.gateway, ...(identity === undefined ? {} : { identity }) };
      this.#trusted = { identity, entry: trustedEntry(this.inventory, from) };
    }
    return this.#trusted.entry;
  }

  /** Whether a connection is known, and is what it was. */
  #recognize(connection: ConnectionAttributes): boolean {
    const known = this.#connections.get(connection);
    if (known === undefined) return false;
    const { attributes, facts, memo } = known;
    if (attributes !== connection && !isSame(attributes, connection)) return false;
    this.#facts = facts;
    this.#memo = memo;
    return true;
  }

  /** Says no to a connection that cannot be read: why not, and whether a header helps, is for `requestFacts` to say. */
  #meet(connection: ConnectionAttributes): boolean {
    const { inventory, binding } = this;
    const isStrict = inventory.dialect.name === 'strict';
    const facts = isStrict ? fastConnectionFacts(connection) : gateFacts(inventory, binding, connection);
    if ('unreadable' in facts) return false;
    const known = this.#lately.includes(connection) ? this.#keep(connection, facts) : undefined;
    if (known === undefined) this.#lately[this.#met++ % lately] = connection;
    // Last, as attributes may ask for another decision while they are read.
    this.#facts = facts;
    this.#memo = known?.memo;
    return true;
  }

  #keep(connection: ConnectionAttributes, facts: Facts): KnownConnection {
    // One that was read cannot be changed.
    const attributes = ReadConnection.isRead(connection) ? connection : { ...connection };
    const known = { attributes, facts, memo: { policies: {}, roles: [] } };
    this.#connections.set(connection, known);
    return known;
  }
}

/** Every attribute that facts or masks are made of; what filters published is read anew for each request. */
function isSame(then: ConnectionAttributes, now: ConnectionAttributes): boolean {
  return (
    isEverythingCompared &&
    then.identity === now.identity &&
    then.sourceIp === now.sourceIp &&
    then.remoteIp === now.remoteIp &&
    then.destinationIp === now.destinationIp &&
    then.destinationPort === now.destinationPort &&
    then.sni === now.sni &&
    then.unreadable === now.unreadable &&
    then.metadata === now.metadata &&
    then.awaited === now.awaited
  );
}

/** Whoever adds an attribute has to compare it above. `peerNames` are for roles on connections without HTTP, of which nothing is kept. */
type Compared =
  | 'identity'
  | 'sourceIp'
  | 'remoteIp'
  | 'destinationIp'
  | 'destinationPort'
  | 'sni'
  | 'unreadable'
  | 'metadata'
  | 'awaited';
const isEverythingCompared: Exclude<keyof ConnectionAttributes, Compared | 'peerNames'> extends never ? true : never = true;
