import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import { sessionMemoryMegabytes } from '../hbone/settings.js';
import { Allowance } from '../http2/limits.js';
import { Http2Exchange } from './http2-exchange.js';
import { watchIdle } from './http2-idle.js';
import { transportFor } from './http2-transport.js';
import type { HttpLimits } from './limits.js';
import { http2RequestHead } from './request-head.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';

/** The window of one stream and of a connection, bytes: what a fast sender may have under way (reference section 7.4). */
const STREAM_WINDOW = 256 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;

/** Serves HTTP/2 on one byte stream until it closes. */
export function serveHttp2(stream: Duplex, owner: ConnectionOwner, limits: HttpLimits): ServedConnection {
  const transport = transportFor(stream, limits.lingerMs);
  const session = performServerHandshake(transport as never, sessionOptions(limits)) as ServerHttp2Session;
  session.on('error', () => undefined);
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  endRapidResets(session, limits);
  session.on('stream', (request: ServerHttp2Stream, _headers: unknown, _flags: number, raw: unknown) => {
    // Node.js hands on all requests of one read, also where one of them has ended the session: those fail, and are nobody's.
    request.on('error', () => undefined);
    if (session.destroyed) return;
    const head = http2RequestHead(raw as readonly string[], request.endAfterHeaders, limits);
    owner.onExchange(new Http2Exchange(head, request, limits.lingerMs));
  });
  watchIdle(session, transport, limits);
  session.once('close', () => {
    if (!stream.writableEnded) stream.destroy();
  });
  stream.once('close', () => session.destroy());
  return {
    drain: () => session.close(),
    destroy: () => {
      session.destroy();
      resetStream(stream);
    },
  };
}

function sessionOptions(limits: HttpLimits): object {
  return {
    maxSessionMemory: sessionMemoryMegabytes,
    maxHeaderListPairs: limits.headerCount + 8,
    maxSendHeaderBlockLength: limits.headerBytes * 2,
    settings: {
      maxConcurrentStreams: limits.concurrentStreams,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: STREAM_WINDOW,
      enablePush: false,
      enableConnectProtocol: false,
    },
  };
}

/** Counted here: Node.js 20 does not let its own count be set, and that of nghttp2 is ten times as large. */
function endRapidResets(session: ServerHttp2Session, { resetBurst, resetRate }: HttpLimits): void {
  const resets = new Allowance({ burst: resetBurst, perSecond: resetRate });
  session.on('stream', (request: ServerHttp2Stream) => {
    const reset = (): void => {
      if (resets.take() || session.destroyed) return;
      session.destroy(new Error('too many streams were reset'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    };
    // Node.js tells of a request later than of its reset where one read holds both. A stream that is being destroyed is reset by the gate.
    if (request.aborted) reset();
    else request.once('aborted', () => request.destroyed || reset());
  });
}
