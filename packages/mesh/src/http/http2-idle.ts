import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpLimits } from './limits.js';

/** How long a PING has for getting to the socket, and then time and again, in milliseconds. */
const lookMs = 500;

/**
 * Ends an HTTP/2 connection on which no request has been under way for the idle limit, and one that node:http2 has given up: after some breaches of the protocol it
 * says GOAWAY, reads no more, and so never learns that the client has gone. Such a session does not send the PING that it is given when a connection has rested
 * a moment. A client that takes nothing holds it back just as well, and has the time of a body for it.
 */
export function watchIdle(session: ServerHttp2Session, transport: Duplex, limits: HttpLimits): void {
  let idle: NodeJS.Timeout | undefined;
  let look: NodeJS.Timeout | undefined;
  let open = 0;
  const busy = (): void => {
    clearTimeout(idle);
    clearTimeout(look);
  };
  const lookAgain = (leftMs: number): void => {
    if (session.destroyed || (session.state.outboundQueueSize ?? 0) === 0) return;
    if (leftMs <= 0 || pendingBytes(transport) === 0) session.destroy();
    else look = setTimeout(() => lookAgain(leftMs - lookMs), lookMs).unref();
  };
  const ask = (): void => {
    if (session.destroyed) return;
    session.ping(() => undefined);
    look = setTimeout(() => lookAgain(limits.bodyTimeoutMs), lookMs).unref();
  };
  const rest = (): void => {
    busy();
    idle = setTimeout(() => session.close(), limits.idleTimeoutMs).unref();
    look = setTimeout(ask, limits.restMs).unref();
  };
  session.on('stream', (request: ServerHttp2Stream) => {
    open += 1;
    busy();
    request.once('close', () => {
      open -= 1;
      if (open === 0 && !session.destroyed) rest();
    });
  });
  session.once('close', busy);
  rest();
}

/** Bytes that are on their way to a client that does not take them; undefined where Node.js does not tell. */
function pendingBytes(transport: Duplex): number | undefined {
  if (!(transport instanceof Socket)) return transport.writableLength;
  // A session writes past the socket, to what is below it.
  const { writeQueueSize } =
    (transport as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle ?? {};
  return writeQueueSize;
}
