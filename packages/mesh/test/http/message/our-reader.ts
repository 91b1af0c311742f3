import type { Framing } from '../../../src/http/message/framing.js';
import { responseFraming } from '../../../src/http/message/framing.js';
import { MessageReader } from '../../../src/http/message/message-reader.js';
import { MessageRefusal } from '../../../src/http/message/message-refusal.js';
import { readRequestHead } from '../../../src/http/message/request-line.js';
import { readResponseHead } from '../../../src/http/message/status-line.js';
import { asksForUpgrade, asksToClose } from '../../../src/http/request-head.js';
import type { Reading, ReadMessage } from './node-parser.js';

interface Head {
  readonly start: string;
  readonly headers: ReadMessage['headers'];
  readonly framing: Framing;
  readonly stops: boolean;
}

/** Reads bytes as a gate does, in pieces of these sizes; what is left comes in one. */
export function readByUs(bytes: Buffer, kind: 'request' | { readonly method: string }, pieces: readonly number[] = []): Reading {
  const run = new Run(kind);
  let at = 0;
  try {
    for (const size of [...pieces, bytes.length]) {
      run.add(bytes.subarray(at, at + size));
      at += size;
    }
  } catch (error) {
    if (!(error instanceof MessageRefusal)) throw error;
    return { messages: run.messages, refused: true };
  }
  return { messages: run.messages, refused: false };
}

class Run {
  readonly messages: ReadMessage[] = [];
  readonly #reader = new MessageReader(16 * 1024);
  #head: Head | undefined;
  #body = '';
  #stopped = false;

  constructor(private readonly kind: 'request' | { readonly method: string }) {}

  add(bytes: Buffer): void {
    this.#reader.add(bytes);
    while (!this.#stopped && (this.#head === undefined ? this.#readHead() : this.#readBody(this.#head)));
  }

  #readHead(): boolean {
    const text = this.#reader.head();
    if (text === undefined) return false;
    const head = this.#parse(text);
    if (head.framing.kind === 'unknown') {
      this.#stopped = true;
      return false;
    }
    const whole = this.#reader.begin(head.framing);
    this.#body = whole?.toString('latin1') ?? '';
    this.#head = head;
    if (whole !== undefined) this.#complete(head);
    return true;
  }

  #readBody(head: Head): boolean {
    const ended = this.#reader.body((chunk) => {
      this.#body += chunk.toString('latin1');
    });
    if (ended) this.#complete(head);
    return ended;
  }

  #complete({ start, headers, stops }: Head): void {
    this.messages.push({ start, headers, body: this.#body, trailers: this.#reader.trailers });
    this.#head = undefined;
    this.#stopped = stops;
  }

  #parse(text: string): Head {
    if (this.kind === 'request') {
      const { method, target, version, headers, framing } = readRequestHead(text);
      const stops = method === 'CONNECT' || asksForUpgrade(headers) || asksToClose(headers) || version !== '1.1';
      return { start: `${method} ${target} ${version}`, headers, framing, stops };
    }
    const { status, headers, persistent } = readResponseHead(text);
    const framing = responseFraming(headers, status, this.kind.method);
    return { start: String(status), headers, framing, stops: status === 101 || (!persistent && status >= 200) };
  }
}
