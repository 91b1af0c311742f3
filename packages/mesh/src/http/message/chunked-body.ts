import type { HeaderList } from '../header-list.js';
import { endOfHead, resumeScan } from './end-of-head.js';
import { readFieldLines } from './field-lines.js';
import { MessageRefusal, malformed } from './message-refusal.js';
import { isToken, tokenOctets, valueOctets } from './octets.js';

/** Hexadecimal digits of a chunk's size that is still exact as a number. */
const longestSize = 13;
/** A line that says a chunk's size, extensions included. */
const longestSizeLine = 4096;
/** What tells how a message ends, or what becomes of its connection, comes before the body or not at all. */
const neverAfterBody = new Set(['content-length', 'transfer-encoding', 'connection', 'proxy-connection', 'upgrade']);
const none = Buffer.alloc(0);

/** Decodes a chunked body with its trailers (RFC 9112, section 7.1) as its bytes come. Extensions are read past. */
export class ChunkedBody {
  #state: 'size' | 'data' | 'after-data' | 'trailers' | 'done' = 'size';
  /** Bytes of a line, or of the trailer section, whose end has not come yet. */
  #held: Buffer = none;
  #scanned = 0;
  #left = 0;
  #trailers: HeaderList = [];

  constructor(private readonly trailerBytes: number) {}

  /** Whether the body and its trailers have come in full. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /** Valid once it is done. */
  get trailers(): HeaderList {
    return this.#trailers;
  }

  /** Takes bytes from `from` on and hands on those of the body. Returns the index after the last one that it took. Throws MessageRefusal. */
  decode(bytes: Buffer, from: number, take: (chunk: Buffer) => void): number {
    let at = from;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') at = this.#data(bytes, at, take);
      else if (this.#state === 'trailers') at = this.#trailerSection(bytes, at);
      else at = this.#line(bytes, at);
    }
    return at;
  }

  #data(bytes: Buffer, from: number, take: (chunk: Buffer) => void): number {
    const to = Math.min(bytes.length, from + this.#left);
    this.#left -= to - from;
    if (this.#left === 0) this.#state = 'after-data';
    take(bytes.subarray(from, to));
    return to;
  }

  /** A line that is short by nature: a chunk's size, or the empty one after its data. */
  #line(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end + 1;
    if (this.#held.length + to - from > longestSizeLine) malformed('the size of a chunk takes too long');
    this.#held = joined(this.#held, bytes.subarray(from, to));
    const expectsNothing = this.#state === 'after-data';
    if (expectsNothing && (this.#held[0] !== 0x0d || this.#held.length > 2)) malformed('a chunk is longer than its size');
    if (end < 0) return to;
    const line = this.#held.toString('latin1');
    this.#held = none;
    if (!line.endsWith('\r\n')) malformed('a line ends without CR');
    if (expectsNothing) this.#state = 'size';
    else this.#size(line.slice(0, -2));
    return to;
  }

  #size(line: string): void {
    let digits = 0;
    while (digits < line.length && isHexadecimal(line.charCodeAt(digits))) digits += 1;
    if (digits === 0 || digits > longestSize || !areExtensions(line, digits)) malformed('no size of a chunk');
    this.#left = Number.parseInt(line.slice(0, digits), 16);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
    // The trailer section ends with an empty line, as a head does: it begins after a line.
    if (this.#left === 0) this.#held = Buffer.from('\r\n');
    this.#scanned = 0;
  }

  #trailerSection(bytes: Buffer, from: number): number {
    const before = this.#held.length;
    const section = joined(this.#held, bytes.subarray(from));
    const end = endOfHead(section, this.#scanned);
    if ((end < 0 ? section.length : end) > this.trailerBytes) throw new MessageRefusal('too-large', 'the trailers are too large');
    if (end < 0) {
      this.#held = section;
      this.#scanned = resumeScan(section);
      return bytes.length;
    }
    this.#trailers = readFieldLines(section.toString('latin1', 2, end - 2), 0);
    if (this.#trailers.some(([name]) => neverAfterBody.has(name))) malformed('a trailer that frames');
    this.#held = none;
    this.#state = 'done';
    return from + end - before;
  }
}

/** `;name`, `;name=token`, `;name="text"`, any number of them. */
function areExtensions(line: string, from: number): boolean {
  let at = from;
  while (at < line.length) {
    if (line[at] !== ';') return false;
    const end = endOfToken(line, at + 1);
    if (!isToken(line, at + 1, end)) return false;
    at = end;
    if (line[at] !== '=') continue;
    const value = line[at + 1] === '"' ? endOfQuoted(line, at + 2) : endOfToken(line, at + 1);
    if (value <= at + 1) return false;
    at = value;
  }
  return true;
}

function endOfToken(line: string, from: number): number {
  let at = from;
  while (at < line.length && tokenOctets[line.charCodeAt(at)] === 1) at += 1;
  return at;
}

/** The index after the closing quote; -1 where there is none. */
function endOfQuoted(line: string, from: number): number {
  for (let at = from; at < line.length; at += 1) {
    if (line[at] === '"') return at + 1;
    if (line[at] === '\\') at += 1;
    if (valueOctets[line.charCodeAt(at)] !== 1) return -1;
  }
  return -1;
}

function isHexadecimal(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function joined(held: Buffer, more: Buffer): Buffer {
  return held.length === 0 ? more : Buffer.concat([held, more]);
}
