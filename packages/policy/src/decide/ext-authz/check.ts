import type { Facts } from '../../reference/facts.js';
import { lowerAscii } from '../../reference/string-pattern.js';
import type { Authorizer, BodyInCheck, HttpAuthorizer } from '../../resource/model/index.js';
import type { ConnectionAttributes, RequestAttributes } from '../../verdict/attributes.js';
import type { Check, CheckBody, CheckedRequest, CheckPeer, GrpcCheck } from '../../verdict/ext-authz.js';
import type { HeaderLine } from '../../verdict/verdict.js';
import { headerPatterns } from './header-patterns.js';

/** What a call to an authorizer is made of. */
export interface CheckSubject {
  readonly connection: ConnectionAttributes;
  /** Whether the client's identity is told. */
  readonly tellsPrincipal: boolean;
  /** Absent for a connection without HTTP. */
  readonly request?: {
    readonly attributes: RequestAttributes;
    /** As normalised, with query. */
    readonly path: string;
    readonly headers: NonNullable<Facts['http']>['headers'];
  };
}

/** Tells the authorizer whether it sees all of the body. */
const partialBodyHeader = 'x-envoy-auth-partial-body';

/**
 * The call to make (reference sections 0.11 and 2.7). HTTP: the method, host and path of the request, Authorization and the
 * headers that the provider lists, then those it adds, which win. gRPC: everything that the gate knows.
 */
export function buildCheck(provider: Authorizer, subject: CheckSubject, body?: CheckBody): Check | 'too-large' {
  const visible = body === undefined || provider.body === undefined ? undefined : visiblePart(provider.body, body);
  if (visible === 'too-large') return visible;
  if (provider.type === 'envoyExtAuthzHttp' && subject.request !== undefined)
    return httpCheck(provider, subject.request, visible);
  return grpcCheck(subject, visible, provider.body?.packAsBytes === true);
}

type VisibleBody = { readonly bytes: Uint8Array; readonly partial: boolean };

function visiblePart(settings: BodyInCheck, { bytes, complete }: CheckBody): VisibleBody | 'too-large' | undefined {
  const partial = bytes.length > settings.maxRequestBytes || !complete;
  if (partial && !settings.allowPartialMessage) return 'too-large';
  if (bytes.length === 0) return undefined;
  return { bytes: bytes.subarray(0, settings.maxRequestBytes), partial };
}

function httpCheck(
  provider: HttpAuthorizer,
  request: NonNullable<CheckSubject['request']>,
  body: VisibleBody | undefined,
): Check {
  const listed = headerPatterns(['authorization', ...provider.includeRequestHeadersInCheck]);
  const added = Object.entries(provider.includeAdditionalHeadersInCheck).map(
    ([name, value]) => [lowerAscii(name), value] as const,
  );
  const own = new Set([...added.map(([name]) => name), 'host', 'content-length']);
  const { method, authority } = request.attributes;
  return {
    kind: 'http',
    method,
    path: `${provider.pathPrefix}${request.path}`,
    authority,
    headers: [
      ...linesOf(request).filter(([name]) => listed(name) && !own.has(name)),
      ...added,
      ...(body === undefined ? [] : [[partialBodyHeader, String(body.partial)] as const]),
    ],
    body: body?.bytes ?? new Uint8Array(),
  };
}

function grpcCheck(
  { connection, tellsPrincipal, request }: CheckSubject,
  body: VisibleBody | undefined,
  packed: boolean,
): GrpcCheck {
  const source: CheckPeer = {
    // The peer, or what PROXY protocol says of it; what X-Forwarded-For says is in the headers.
    address: connection.remoteIp ?? connection.sourceIp,
    ...(tellsPrincipal && connection.identity !== undefined ? { principal: connection.identity } : {}),
  };
  const destination: CheckPeer = { address: connection.destinationIp, port: connection.destinationPort };
  if (request === undefined) return { kind: 'grpc', source, destination };
  return { kind: 'grpc', source, destination, request: checkedRequest(request, body, packed) };
}

function checkedRequest(
  request: NonNullable<CheckSubject['request']>,
  body: VisibleBody | undefined,
  packed: boolean,
): CheckedRequest {
  const { method, authority, httpVersion, scheme = 'http' } = request.attributes;
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of linesOf(request)) headers[name] = name in headers ? `${headers[name]},${value}` : value;
  Object.assign(headers, { ':authority': authority, ':method': method, ':path': request.path, ':scheme': scheme });
  if (body !== undefined) headers[partialBodyHeader] = String(body.partial);
  const id = headers['x-request-id'];
  return {
    ...(id === undefined ? {} : { id }),
    method,
    path: request.path,
    host: authority,
    scheme,
    protocol: httpVersion === 2 ? 'HTTP/2' : 'HTTP/1.1',
    headers,
    size: sizeOf(headers['content-length']),
    ...(body === undefined ? {} : { body: { bytes: body.bytes, packed } }),
  };
}

/** The headers as policy sees them: what a client may not say to a gate it does not say to an authorizer either. */
function linesOf({ attributes, headers }: NonNullable<CheckSubject['request']>): readonly HeaderLine[] {
  const sent = new Set(attributes.headers.map(([name]) => lowerAscii(name)));
  sent.delete('host');
  return [...sent, ...alwaysThere.filter((name) => !sent.has(name))].flatMap((name) =>
    headers(name).map((value) => [name, value] as const),
  );
}

const alwaysThere = ['x-forwarded-for', 'x-forwarded-proto'];

function sizeOf(length: string | undefined): number {
  const size = Number(length);
  return length !== undefined && length !== '' && Number.isSafeInteger(size) && size >= 0 ? size : -1;
}
