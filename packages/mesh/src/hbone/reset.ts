import { constants } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** The part of an HTTP/2 stream that a reset needs; both sides' streams have it. */
interface ResettableStream {
  readonly rstCode: number;
  close(code?: number): void;
}

function isHttp2Stream(stream: Duplex): stream is Duplex & ResettableStream {
  return 'rstCode' in stream && 'close' in stream;
}

/**
 * Ends a connection so that the other side cannot take it for complete: RST for a TCP socket, RST_STREAM for an HTTP/2 stream.
 * What is buffered is discarded.
 */
export function resetStream(stream: Duplex): void {
  if (stream.destroyed) return;
  if (isHttp2Stream(stream)) {
    stream.close(constants.NGHTTP2_CONNECT_ERROR);
    // node:http2 destroys a closed stream only once what was received has been read.
    stream.resume();
  } else if (stream instanceof Socket && !(stream instanceof TLSSocket)) stream.resetAndDestroy();
  else stream.destroy();
}

/** Whether an HTTP/2 stream was reset: node:http2 may emit `end` for one, which must not pass for the end of the data. */
export function wasReset(stream: Duplex): boolean {
  return isHttp2Stream(stream) && stream.rstCode !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR;
}
