import type { Duplex } from 'node:stream';

/** What a client speaks on a cleartext connection that is HTTP. */
export type WireProtocol = 'http1' | 'http2';

/** The connection ended, failed or stayed silent before it showed what it speaks. */
class SilentConnectionError extends Error {
  override readonly name = 'SilentConnectionError';
}

/** The client connection preface of HTTP/2 (RFC 9113, section 3.4). */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** What a request line of HTTP/1.1 begins with: the methods that are in use. */
const requestLines = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'].map(
  (method) => `${method} `,
);

/**
 * Tells HTTP/2 from HTTP/1.1 on a connection that is HTTP, by its first bytes, which stay to be read. Decides as early as the bytes
 * allow: what cannot become the HTTP/2 preface is HTTP/1.1. Rejects where the connection ends or stays silent before that.
 */
export function detectProtocol(stream: Duplex, timeoutMs: number): Promise<WireProtocol> {
  return peek(
    stream,
    timeoutMs,
    (seen) => (seen === preface ? 'http2' : preface.startsWith(seen) ? undefined : 'http1'),
    'reject',
  );
}

/**
 * Tells HTTP from anything else on a port whose protocol nobody declared, by the first bytes, which stay to be read. A client that sends nothing
 * in time waits for the server to speak first, which no HTTP client does.
 */
export function sniffProtocol(stream: Duplex, timeoutMs: number): Promise<WireProtocol | 'tcp'> {
  return peek<WireProtocol | 'tcp'>(stream, timeoutMs, classify, 'tcp');
}

function classify(seen: string): WireProtocol | 'tcp' | undefined {
  if (seen === preface) {
    return 'http2';
  }
  if (requestLines.some((line) => seen.startsWith(line))) {
    return 'http1';
  }
  return [preface, ...requestLines].some((beginning) => beginning.startsWith(seen)) ? undefined : 'tcp';
}

/** Reads until `classify` knows (of at most as many bytes as the preface has), then puts everything back. */
function peek<Kind>(
  stream: Duplex,
  timeoutMs: number,
  classifyText: (seen: string) => Kind | undefined,
  onTimeout: Kind | 'reject',
): Promise<Kind> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) {
        stream.off(event, listener);
      }
      act();
    };
    const give = (kind: Kind) =>
      settle(() => {
        if (seen.length > 0) {
          stream.unshift(seen);
        }
        resolve(kind);
      });
    const fail = (why: string) => () => settle(() => reject(new SilentConnectionError(why)));
    const onReadable = () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
        seen = Buffer.concat([seen, chunk as Buffer]);
        const kind = classifyText(seen.toString('latin1', 0, preface.length));
        if (kind !== undefined) {
          return give(kind);
        }
      }
    };
    const late = onTimeout === 'reject' ? fail('the client sent nothing in time') : () => give(onTimeout);
    const timer = setTimeout(late, timeoutMs);
    const listeners: readonly (readonly [string, () => void])[] = [
      ['readable', onReadable],
      ['end', fail('the client closed before it showed what it speaks')],
      ['close', fail('the connection closed before it showed what it speaks')],
      ['error', fail('the connection failed before it showed what it speaks')],
    ];
    for (const [event, listener] of listeners) {
      stream.on(event, listener);
    }
  });
}
