import { connectionFacts, type Unreadable } from '../reference/facts.js';
import type { HeaderView } from '../reference/headers.js';
import type { IpAddress } from '../reference/ip-range.js';
import { lowerAscii } from '../reference/string-pattern.js';
import type { Dialect } from '../resource/dialect.js';
import type { ConnectionAttributes, JsonValue, RequestAttributes } from '../verdict/attributes.js';
import { authenticationFilter, authenticationMetadata } from './authentication-metadata.js';

/** What roles are asked about: one connection or request, as a gate sees it. */
export interface RoleFacts {
  /** Every name in the peer's certificate, `spiffe://…` as a rule; absent for plaintext. */
  readonly peerNames?: readonly string[] | undefined;
  readonly sourceIp: IpAddress;
  readonly destinationIp: IpAddress;
  readonly destinationPort: number;
  /** In lower case; empty where the client named no server. */
  readonly sni: string;
  /** What a filter published under a key; `istio_authn` is the one that knows peers and tokens. */
  readonly metadata: (filter: string, key: string) => JsonValue | undefined;
  /** Filters that have yet to publish: what roles say of them is left open, in favour of the connection. */
  readonly awaited: readonly string[];
  /** Of a request; absent for a connection. */
  readonly headers?: HeaderView | undefined;
}

/** A request with its headers as policy sees them. */
export interface SeenRequest {
  readonly request: RequestAttributes;
  readonly headers: HeaderView;
}

/** The facts of a connection, or of a request on it; upstream takes any name of a peer for one. */
export function roleFacts(dialect: Dialect, connection: ConnectionAttributes, seen?: SeenRequest): RoleFacts | Unreadable {
  const facts = dialect.name === 'strict' ? connectionFacts(connection) : connectionFacts(connection, () => true);
  if ('unreadable' in facts) return facts;
  const { sourceIp, destinationIp, destinationPort, identity, sni } = facts;
  if (sourceIp === undefined) return { unreadable: 'the source address' };
  const peerNames = connection.peerNames ?? (identity === undefined ? undefined : [identity]);
  return {
    sourceIp,
    destinationIp,
    destinationPort,
    sni: lowerAscii(sni ?? ''),
    metadata: metadataOf(connection, seen?.request),
    awaited: connection.awaited ?? [],
    ...(peerNames === undefined ? {} : { peerNames }),
    ...(seen === undefined ? {} : { headers: seen.headers }),
  };
}

function metadataOf(connection: ConnectionAttributes, request: RequestAttributes | undefined): RoleFacts['metadata'] {
  const published = { ...connection.metadata, ...request?.metadata };
  const all = Object.hasOwn(published, authenticationFilter)
    ? published
    : { ...published, [authenticationFilter]: authenticationMetadata(connection.identity, request?.authentication) };
  return (filter, key) => {
    const keys = Object.hasOwn(all, filter) ? all[filter] : undefined;
    return keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
  };
}
