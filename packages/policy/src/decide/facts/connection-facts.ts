import { namespaceStart } from '../../compile/classify/spiffe-form.js';
import type { Facts, Unreadable } from '../../reference/facts.js';
import { connectionFacts } from '../../reference/facts.js';
import type { IpAddress } from '../../reference/ip-range.js';
import type { MetadataFacts } from '../../reference/metadata.js';
import { lowerAscii } from '../../reference/string-pattern.js';
import type { ConnectionAttributes } from '../../verdict/attributes.js';
import { readAddress } from './read-address.js';

/** `connectionFacts` of the same connection, without what only few policies ask for until one does. */
export function fastConnectionFacts(connection: ConnectionAttributes): Facts | Unreadable {
  const { identity, sourceIp, remoteIp, destinationIp, destinationPort } = connection;
  const source = readAddress(sourceIp);
  const remote = remoteIp === undefined ? source : readAddress(remoteIp);
  const destination = readAddress(destinationIp);
  if (
    connection.unreadable === undefined &&
    (identity === undefined || isWorkloadIdentity(identity)) &&
    source !== undefined &&
    remote !== undefined &&
    destination !== undefined &&
    Number.isInteger(destinationPort) &&
    destinationPort >= 0 &&
    destinationPort <= 65535
  ) {
    return new ReadConnection(connection, source, remote, destination);
  }
  return connectionFacts(connection, isWorkloadIdentity, readAddress);
}

class ReadConnection implements Facts {
  readonly identity: string | undefined;
  readonly destinationPort: number;
  readonly #sni: string | undefined;
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
    return this.#sni === undefined ? undefined : lowerAscii(this.#sni);
  }

  get metadata(): MetadataFacts {
    return { published: this.#published ?? {}, awaited: this.#awaited ?? [] };
  }
}

function isWorkloadIdentity(identity: string): boolean {
  return namespaceStart(identity) >= 0;
}
