import { constants } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { errorCode } from '../http2/protocol.js';
import { TunnelStream } from '../http2/tunnel-stream.js';

/** The part of an HTTP/2 stream that tells of a reset; both sides' streams have it. */
interface ResettableStream {
  readonly rstCode: number;
}

function isHttp2Stream(stream: Duplex): stream is Duplex & ResettableStream {
  return 'rstCode' in stream;
}

/**
 * Ends a connection so that the other side cannot take it for complete: RST for a TCP socket, RST_STREAM for an HTTP/2 stream.
 * What is buffered is discarded.
 */
export function resetStream(stream: Duplex): void {
  if (stream.destroyed) return;
  // Not `close(code)`: node:http2 would then send END_STREAM ahead of RST_STREAM, and cut data would look complete.
  if (isHttp2Stream(stream) || stream instanceof TunnelStream) stream.destroy(new Error('tunnel was reset'));
  else if (stream instanceof Socket && !(stream instanceof TLSSocket)) resetSocket(stream);
  else stream.destroy();
}

/** Sockets with TLS above them. */
const belowTls = new WeakSet<Socket>();

/**
 * Says that TLS will be spoken over a socket. It ends the socket without the socket's knowing, and Node.js loses one that it is asked to reset at
 * that moment: it is never closed, and never says so. So it will be closed in place of a reset, which no peer takes for an end of TLS.
 */
export function notedAsTls(socket: Socket): Socket {
  belowTls.add(socket);
  return socket;
}

/**
 * Ends a TCP connection with RST. While Node.js is sending FIN it cannot reset, and loses the socket if asked to: that
 * moment is waited for. A socket that was ended with data still unsent would take too long, and is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (belowTls.has(socket)) socket.destroy();
  else if (!socket.writableEnded || socket.writableFinished) socket.resetAndDestroy();
  else if (socket.writableLength > 0) socket.destroy();
  else socket.once('finish', () => resetSocket(socket));
}

/** Whether an HTTP/2 stream was reset: node:http2 may emit `end` for one, which must not pass for the end of the data. */
export function wasReset(stream: Duplex): boolean {
  if (stream instanceof TunnelStream) return stream.resetCode !== undefined && stream.resetCode !== errorCode.noError;
  return isHttp2Stream(stream) && stream.rstCode !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR;
}
