import type { BodySink, Exchange, RequestHead } from './exchange.js';
import { firstHeader, type Header, type HeaderList } from './header-list.js';

/** An answer of the gate itself. */
export interface LocalReply {
  readonly status: number;
  readonly body: string | Uint8Array;
  /** Besides those that say what the body is. */
  readonly headers?: HeaderList;
}

/** The answer to a request that policy denies (reference section 2.1). */
export const denied: LocalReply = { status: 403, body: 'RBAC: access denied' };

/** Whether a request is gRPC, whose answers carry their status in trailers. */
export function isGrpcHead(head: RequestHead): boolean {
  const type = firstHeader(head.attributes.headers, 'content-type');
  return (
    type === 'application/grpc' ||
    type?.startsWith('application/grpc+') === true ||
    type?.startsWith('application/grpc;') === true
  );
}

/** Answers a request without an application: plain text, or for gRPC a response of headers only that carries the matching status. */
export function replyLocally(exchange: Exchange, reply: LocalReply): { readonly status: number; readonly bytes: number } {
  if (isGrpcHead(exchange.head)) {
    exchange.respond({ status: 200, headers: grpcHeaders(reply) }, true);
    return { status: 200, bytes: 0 };
  }
  const body = Buffer.from(reply.body as string, 'utf8');
  const own = reply.headers ?? [];
  const headers: Header[] = [['content-length', String(body.length)], ...own];
  if (body.length > 0 && firstHeader(own, 'content-type') === undefined) {
    headers.push(['content-type', 'text/plain']);
  }
  const bodyless = body.length === 0 || exchange.head.attributes.method === 'HEAD';
  const sink = exchange.respond({ status: reply.status, headers }, bodyless);
  if (!bodyless) {
    finishWith(sink, body);
  }
  return { status: reply.status, bytes: bodyless ? 0 : body.length };
}

/** The gRPC status for an HTTP status, as gRPC's own mapping has it. */
function grpcStatus(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

function grpcHeaders(reply: LocalReply): Header[] {
  return [
    ['content-type', 'application/grpc'],
    ['grpc-status', String(grpcStatus(reply.status))],
    [
      'grpc-message',
      encodeURIComponent(Buffer.from(reply.body as string, 'utf8').toString('utf8'))
        .replaceAll('%20', ' ')
        .replaceAll('%3A', ':'),
    ],
    ...(reply.headers ?? []).filter(([name]) => name !== 'content-type'),
  ];
}

function finishWith(sink: BodySink, body: Buffer): void {
  sink.stream.write(body);
  sink.finish([]);
}
