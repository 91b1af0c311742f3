import { namespaceStart } from '../../compile/classify/spiffe-form.js';
import type { Facts } from '../../reference/facts.js';
import type { IpAddress } from '../../reference/ip-range.js';
import type { MetadataFacts } from '../../reference/metadata.js';
import { lowerAscii } from '../../reference/string-pattern.js';
import type { ConnectionAttributes, DynamicMetadata } from '../../verdict/attributes.js';
import { readAddress } from './read-address.js';

/** Whoever adds an attribute has to copy it below, and to say where facts are made what it means. */
type Copied =
  | 'identity'
  | 'sourceIp'
  | 'remoteIp'
  | 'destinationIp'
  | 'destinationPort'
  | 'sni'
  | 'unreadable'
  | 'metadata'
  | 'awaited'
  | 'peerNames';
const isEverythingCopied: Exclude<keyof ConnectionAttributes, Copied> extends never ? true : never = true;

/**
 * A connection whose attributes have been read: that the identity has the form of one, and what its addresses are, is found out here, once,
 * however many requests on it are decided on; of a connection that was not read so the decision finds it out for itself. A copy of it is not
 * read. One that cannot be read is no error here: the decision denies, and says why.
 */
export class ReadConnection implements ConnectionAttributes {
  declare readonly identity?: string;
  readonly sourceIp: string;
  declare readonly remoteIp?: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  declare readonly sni?: string;
  declare readonly unreadable?: string;
  declare readonly metadata?: DynamicMetadata;
  declare readonly awaited?: readonly string[];
  declare readonly peerNames?: readonly string[];
  /** Private, so that nobody can claim it, or keep it where another attribute is put in. */
  readonly #facts: Facts | undefined;

  constructor(connection: ConnectionAttributes) {
    const { identity, remoteIp, sni, unreadable, metadata, awaited, peerNames } = connection;
    if (identity !== undefined) this.identity = identity;
    this.sourceIp = connection.sourceIp;
    if (remoteIp !== undefined) this.remoteIp = remoteIp;
    this.destinationIp = connection.destinationIp;
    this.destinationPort = connection.destinationPort;
    if (sni !== undefined) this.sni = sni;
    if (unreadable !== undefined) this.unreadable = unreadable;
    if (metadata !== undefined) this.metadata = metadata;
    if (awaited !== undefined) this.awaited = awaited;
    if (peerNames !== undefined) this.peerNames = peerNames;
    this.#facts = readOrNot(this);
    Object.freeze(this);
  }

  /** The facts of a connection; undefined for one that cannot be read, of which `connectionFacts` says why. */
  static factsOf(connection: ConnectionAttributes): Facts | undefined {
    // What did not read well is looked at again, so that the decision fails where it failed here.
    return ReadConnection.isRead(connection) ? connection.#facts : factsInPlace(connection);
  }

  /** Whether a connection was read, and so is what it was. */
  static isRead(connection: ConnectionAttributes): connection is ReadConnection {
    return #facts in connection;
  }
}

/** An attribute that is not of its type makes its reader throw, which is for the decision to do. */
function readOrNot(connection: ConnectionAttributes): Facts | undefined {
  try {
    return factsInPlace(connection);
  } catch {
    return undefined;
  }
}

function factsInPlace(connection: ConnectionAttributes): Facts | undefined {
  const { identity, sourceIp, remoteIp, destinationIp, destinationPort } = connection;
  if (!isEverythingCopied || connection.unreadable !== undefined) return undefined;
  if (identity !== undefined && !isWorkloadIdentity(identity)) return undefined;
  if (!Number.isInteger(destinationPort) || destinationPort < 0 || destinationPort > 65535) return undefined;
  const source = readAddress(sourceIp);
  const remote = remoteIp === undefined ? source : readAddress(remoteIp);
  const destination = readAddress(destinationIp);
  if (source === undefined || remote === undefined || destination === undefined) return undefined;
  return new FactsInPlace(connection, source, remote, destination);
}

/** Without what only few policies ask for until one does. */
class FactsInPlace implements Facts {
  readonly identity: string | undefined;
  readonly destinationPort: number;
  #sni: string | undefined;
  #isSniLower = false;
  #metadata: MetadataFacts | undefined;
  readonly #published: MetadataFacts['published'] | undefined;
  readonly #awaited: readonly string[] | undefined;

  constructor(
    connection: ConnectionAttributes,
    readonly sourceIp: IpAddress,
    readonly remoteIp: IpAddress,
    readonly destinationIp: IpAddress,
  ) {
    this.identity = connection.identity;
    this.destinationPort = connection.destinationPort;
    this.#sni = connection.sni;
    this.#published = connection.metadata;
    this.#awaited = connection.awaited;
  }

  get sni(): string | undefined {
    if (this.#sni !== undefined && !this.#isSniLower) {
      this.#sni = lowerAscii(this.#sni);
      this.#isSniLower = true;
    }
    return this.#sni;
  }

  get metadata(): MetadataFacts {
    this.#metadata ??= { published: this.#published ?? {}, awaited: this.#awaited ?? [] };
    return this.#metadata;
  }
}

/** Whether an identity has the form of a workload's, as `readIdentity` reads it. */
export function isWorkloadIdentity(identity: string): boolean {
  return namespaceStart(identity) >= 0;
}
