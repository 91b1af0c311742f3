import type { Duplex } from 'node:stream';

/** What a client speaks on a cleartext connection. */
export type WireProtocol = 'http1' | 'http2';

/** The connection ended, failed or stayed silent before it showed what it speaks. */
export class SilentConnectionError extends Error {
  override readonly name = 'SilentConnectionError';
}

/** The client connection preface of HTTP/2 (RFC 9113, section 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Looks at the first bytes of a connection without taking them: whoever reads next reads from the beginning. Decides as early as the bytes
 * allow: one that cannot begin the HTTP/2 preface means HTTP/1.1. Rejects with SilentConnectionError.
 */
export function detectProtocol(stream: Duplex, timeoutMs: number): Promise<WireProtocol> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) {
        stream.off(event, listener);
      }
      act();
    };
    const give = (protocol: WireProtocol) =>
      settle(() => {
        stream.unshift(seen);
        resolve(protocol);
      });
    const fail = (why: string) => () => settle(() => reject(new SilentConnectionError(why)));
    const onReadable = () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
        seen = Buffer.concat([seen, chunk as Buffer]);
        const length = Math.min(seen.length, preface.length);
        if (!seen.subarray(0, length).equals(preface.subarray(0, length))) {
          return give('http1');
        }
        if (length === preface.length) {
          return give('http2');
        }
      }
    };
    const timer = setTimeout(fail('the client sent nothing in time'), timeoutMs);
    const listeners: readonly (readonly [string, () => void])[] = [
      ['readable', onReadable],
      ['end', fail('the client closed without a request')],
      ['close', fail('the connection closed without a request')],
      ['error', fail('the connection failed without a request')],
    ];
    for (const [event, listener] of listeners) {
      stream.on(event, listener);
    }
  });
}
