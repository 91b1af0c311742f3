import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';

/** What a gate was asked: `request` is absent where it decides per connection. */
export interface Asked {
  readonly connection: ConnectionAttributes;
  readonly request?: RequestAttributes;
  /** The path after normalisation, as it was matched. */
  readonly path?: string;
}

/** The value that a gate saw for a field or `when` key, as text; null where it saw none or cannot see it. */
export function seenBy(attribute: string, asked: Asked): string | null {
  const { connection, request } = asked;
  switch (attribute) {
    case 'principals':
    case 'source.principal':
      return withoutScheme(connection.identity);
    case 'namespaces':
    case 'source.namespace':
      return identityPart(connection.identity, 2);
    case 'serviceAccounts':
    case 'source.serviceAccount':
      return serviceAccountOf(connection.identity);
    case 'trustDomains':
    case 'source.trustDomain':
      return identityPart(connection.identity, 0);
    case 'ipBlocks':
    case 'source.ip':
      return connection.sourceIp || null;
    case 'remoteIpBlocks':
    case 'remote.ip':
      return connection.remoteIp ?? (connection.sourceIp || null);
    case 'ports':
    case 'destination.port':
      return String(connection.destinationPort);
    case 'destination.ip':
      return connection.destinationIp;
    case 'connection.sni':
      return connection.sni ?? null;
    case 'hosts':
      return request?.authority ?? null;
    case 'methods':
      return request?.method ?? null;
    case 'paths':
      return asked.path ?? withoutQuery(request?.path) ?? null;
    default:
      return seenHeader(attribute, request);
  }
}

function seenHeader(attribute: string, request: RequestAttributes | undefined): string | null {
  if (!attribute.startsWith('request.headers[') || request === undefined) return null;
  const name = attribute.slice('request.headers['.length, -1).toLowerCase();
  if (name === 'host' || name === ':authority') return request.authority;
  if (name === ':method') return request.method;
  const values = request.headers.filter(([header]) => header.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(', ');
}

function withoutScheme(identity: string | undefined): string | null {
  if (identity === undefined) return null;
  return identity.startsWith('spiffe://') ? identity.slice('spiffe://'.length) : identity;
}

function identityPart(identity: string | undefined, index: number): string | null {
  return withoutScheme(identity)?.split('/')[index] ?? null;
}

function serviceAccountOf(identity: string | undefined): string | null {
  const parts = withoutScheme(identity)?.split('/');
  return parts?.length === 5 ? `${parts[2]}/${parts[4]}` : null;
}

function withoutQuery(path: string | undefined): string | undefined {
  return path?.split('?')[0]?.split('#')[0];
}
