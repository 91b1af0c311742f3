import type { GatewayBinding, WaypointBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import { editedHeaders } from '../verdict/edited-headers.js';
import { remoteAddress } from '../verdict/remote-address.js';
import { connectionFacts, type Facts, type Unreadable } from './facts.js';
import { headerView } from './headers.js';
import { isSettled, normalizePath, pathWithoutQuery } from './path/normalize-path.js';
import { requestDefect } from './request-defect.js';

/** A request that an L7 gate refuses before policy, with the status it answers. */
export interface Refused {
  readonly refused: string;
  readonly status: 400 | 404;
}

/**
 * What an L7 gate knows about a connection (reference sections 0.1 and 0.5). Upstream's takes any `spiffe://` name for an
 * identity; its waypoint reads a missing one as the text `-`, and has an internal address for its direct peer.
 */
export function gateFacts(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
  connection: ConnectionAttributes,
): Facts | Unreadable {
  if (inventory.dialect.name === 'strict') return connectionFacts(connection);
  const facts = connectionFacts(connection, (identity) => identity.startsWith('spiffe://'));
  if ('unreadable' in facts || binding.gate === 'gateway') return facts;
  const { sourceIp: _, ...rest } = facts;
  return { ...rest, identity: facts.identity ?? '-' };
}

/**
 * The facts of a request, and `:path` as it is to be forwarded. The client's address comes from `received`, the request as the
 * client sent it, where an external authorizer has changed it since.
 */
export function requestFacts(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
  connection: ConnectionAttributes,
  request: RequestAttributes,
  received: RequestAttributes = request,
): { readonly facts: Facts; readonly path: string } | Unreadable | Refused {
  const defect = requestDefect(request);
  if (defect !== undefined) return { refused: defect.detail, status: defect.status };
  const normalized = normalizePath(request.path, inventory.mesh.pathNormalization);
  if (normalized.path === undefined) return { refused: 'the path cannot be normalised', status: normalized.status };
  if (inventory.dialect.name === 'strict' && !isSettled(normalized.path, inventory.mesh.pathNormalization))
    return { refused: 'the path leads elsewhere when it is normalised again', status: 400 };
  const { identity } = connection;
  const peer = connection.remoteIp ?? connection.sourceIp;
  const remoteIp = remoteAddress(inventory, {
    gateway: binding.gateway,
    peer,
    headers: received.headers,
    ...(identity === undefined ? {} : { identity }),
  });
  const facts = gateFacts(inventory, binding, {
    ...connection,
    remoteIp,
    metadata: { ...connection.metadata, ...request.metadata },
  });
  if ('unreadable' in facts) return facts;
  const { authentication } = request;
  const path = authentication?.edits.path ?? normalized.path;
  const headers = headerView(
    { ...request, headers: editedHeaders(request.headers, authentication?.edits) },
    {
      path,
      ...(binding.gate === 'gateway' ? { appendForwardedFor: peer } : {}),
    },
  );
  return {
    path,
    facts: {
      ...facts,
      http: {
        method: request.method,
        authority: request.authority,
        path: pathWithoutQuery(path),
        headers,
        tokenRefused: authentication?.refused !== undefined,
        ...(authentication === undefined ? {} : { claims: authentication.claims }),
      },
    },
  };
}
