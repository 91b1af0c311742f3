import type { Duplex } from 'node:stream';
import { type Peeked, peek } from '../socket/peek.js';

/** What a client speaks on a cleartext connection that is HTTP. */
export type WireProtocol = 'http1' | 'http2';

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
  return peek<WireProtocol>(stream, {
    timeoutMs,
    classify: knownOnce((seen) => (seen === preface ? 'http2' : preface.startsWith(seen) ? undefined : 'http1')),
  });
}

/**
 * Tells HTTP from anything else on a port whose protocol nobody declared, by the first bytes, which stay to be read. A client that sends nothing
 * in time waits for the server to speak first, which no HTTP client does.
 */
export function sniffProtocol(stream: Duplex, timeoutMs: number): Promise<WireProtocol | 'tcp'> {
  return peek<WireProtocol | 'tcp'>(stream, { timeoutMs, classify: knownOnce(classify), whenSilent: 'tcp' });
}

/** Looks at no more bytes than the preface has, and takes none. */
function knownOnce<Kind>(classifyText: (seen: string) => Kind | undefined): (seen: Buffer) => Peeked<Kind> | undefined {
  return (seen) => {
    const found = classifyText(seen.toString('latin1', 0, preface.length));
    return found && { found, taken: 0 };
  };
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
