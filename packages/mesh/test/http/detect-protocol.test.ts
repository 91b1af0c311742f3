import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectProtocol, sniffProtocol } from '../../src/http/detect-protocol.js';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A connection whose client sends these chunks, one after the other. */
function connection(chunks: readonly string[], ends = false): Duplex {
  const waiting = chunks.filter((chunk) => chunk !== '');
  return new Duplex({
    read() {
      const chunk = waiting.shift();
      setImmediate(() => {
        if (chunk !== undefined) this.push(Buffer.from(chunk, 'latin1'));
        else if (ends) this.push(null);
      });
    },
    write(_chunk, _encoding, done) {
      done();
    },
  });
}

/** Cuts a text at these places. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...[...places].sort((a, b) => a - b), text.length];
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end));
}

async function readBack(stream: Duplex, length: number): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length >= length) break;
  }
  return text;
}

describe('detecting a protocol', () => {
  it('loses no byte, wherever the network cuts', async () => {
    const kinds = [
      [`${preface}rest`, 'http2', 'http2'],
      ['GET / HTTP/1.1\r\n\r\n', 'http1', 'http1'],
      ['PRI / HTTP/1.1\r\n\r\n', 'http1', 'tcp'],
      ['POSTgres and more', 'http1', 'tcp'],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        fc.array(fc.nat(16), { maxLength: 5 }),
        async ([text, detected, sniffed], places) => {
          const first = connection(cut(text, places));
          expect(await detectProtocol(first, 1_000)).toBe(detected);
          expect(await readBack(first, text.length)).toBe(text);
          const second = connection(cut(text, places));
          expect(await sniffProtocol(second, 1_000)).toBe(sniffed);
          expect(await readBack(second, text.length)).toBe(text);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives up on a client that sends nothing, or not enough', async () => {
    await expect(detectProtocol(connection([]), 20)).rejects.toThrow('the client sent nothing in time');
    await expect(detectProtocol(connection(['PRI'], true), 1_000)).rejects.toThrow('closed');
  });

  it('takes a client that waits on an undeclared port for no HTTP client', async () => {
    expect(await sniffProtocol(connection([]), 20)).toBe('tcp');
  });
});
