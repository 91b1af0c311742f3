import type { ConnectionAttributes, JsonObject } from '../verdict/attributes.js';
import type { HeaderView } from './headers.js';
import { readIdentity } from './identity.js';
import { type IpAddress, readIpAddress, unmapped } from './ip-range.js';
import type { MetadataFacts } from './metadata.js';
import { lowerAscii } from './string-pattern.js';

/** What rules are asked about: one connection or request as one gate sees it. An attribute that is absent matches no value. */
export interface Facts {
  /** `spiffe://…`. */
  readonly identity?: string | undefined;
  readonly sourceIp?: IpAddress | undefined;
  readonly remoteIp?: IpAddress | undefined;
  readonly destinationIp: IpAddress;
  readonly destinationPort: number;
  readonly sni?: string | undefined;
  readonly metadata?: MetadataFacts | undefined;
  readonly http?: HttpFacts | undefined;
}

/** The L7 half: everything normalised as Envoy normalises it before policy. */
export interface HttpFacts {
  readonly method: string;
  readonly authority: string;
  /** Without query. */
  readonly path: string;
  readonly headers: HeaderView;
  /** The claims of a valid token; absent without one. */
  readonly claims?: JsonObject | undefined;
  /** Whether a token refuses the request. */
  readonly tokenRefused: boolean;
}

/** Why attributes cannot be judged at all: no policy may then be asked, as an absent attribute would satisfy every negation. */
export type Unreadable = { readonly unreadable: string };

/**
 * The facts of a connection, IPv4-mapped addresses as IPv4. An address or port that cannot be read, or an identity that
 * `readable` refuses, makes the whole connection unreadable. `read` is for a faster reader of the same addresses.
 */
export function connectionFacts(
  connection: ConnectionAttributes,
  readable: (identity: string) => boolean = isWorkloadIdentity,
  read: (text: string) => IpAddress | undefined = readPeer,
): Facts | Unreadable {
  const { identity, sni, destinationPort } = connection;
  if (connection.unreadable !== undefined) return { unreadable: connection.unreadable };
  if (identity !== undefined && !readable(identity)) return { unreadable: 'the identity of the peer' };
  const sourceIp = read(connection.sourceIp);
  if (sourceIp === undefined) return { unreadable: 'the source address' };
  const remoteIp = connection.remoteIp === undefined ? sourceIp : read(connection.remoteIp);
  if (remoteIp === undefined) return { unreadable: 'the remote address' };
  const destinationIp = read(connection.destinationIp);
  if (destinationIp === undefined) return { unreadable: 'the destination address' };
  if (!Number.isInteger(destinationPort) || destinationPort < 0 || destinationPort > 65535) {
    return { unreadable: 'the destination port' };
  }
  return {
    sourceIp,
    remoteIp,
    destinationIp,
    destinationPort,
    ...(identity === undefined ? {} : { identity }),
    // A server name has no case, and Envoy shows policy the lower one.
    ...(sni === undefined ? {} : { sni: lowerAscii(sni) }),
    metadata: { published: connection.metadata ?? {}, awaited: connection.awaited ?? [] },
  };
}

function readPeer(text: string): IpAddress | undefined {
  const address = readIpAddress(text);
  return address === undefined ? undefined : unmapped(address);
}

function isWorkloadIdentity(identity: string): boolean {
  return readIdentity(identity) !== undefined;
}
