import type { Peeked } from './peek.js';

/** What a connection begins with, as far as its TLS goes. */
export type Greeting =
  /** A ClientHello; in lower case the name of the server that it asks for, if it asks for one. */
  | { readonly kind: 'hello'; readonly serverName?: string }
  /** It begins as TLS and goes on as no ClientHello that could be read. */
  | { readonly kind: 'malformed'; readonly detail: string }
  /** No TLS. */
  | { readonly kind: 'other' };

/** A ClientHello with the keys of post-quantum exchanges has about 2 KiB; Envoy's inspector has this bound, too. */
const mostHelloBytes = 16 * 1024;
const mostRecordBytes = 2 ** 14;

/** No client cuts a greeting so fine; what is put together again with each piece that comes has to stay cheap. */
const mostRecords = 64;

const handshakeRecord = 22;
const clientHello = 1;
/** Type and length of a handshake message. */
const headerLength = 4;
const serverNameExtension = 0;
const hostName = 0;

/**
 * Reads the TLS greeting of a client out of the first bytes of its connection (RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3);
 * undefined while they do not tell. The message may be spread over records. Extensions that nobody knows are skipped; with Encrypted
 * ClientHello the name is the one that is shown to everybody. Nothing is taken: what comes behind has to read the same bytes.
 */
export function readGreeting(seen: Buffer): Peeked<Greeting> | undefined {
  try {
    const found = greetingOf(seen);
    return found && { found, taken: 0 };
  } catch (error) {
    if (!(error instanceof MalformedHelloError)) throw error;
    return { found: { kind: 'malformed', detail: error.message }, taken: 0 };
  }
}

class MalformedHelloError extends Error {}

function greetingOf(seen: Buffer): Greeting | undefined {
  if (seen.length > 0 && seen[0] !== handshakeRecord) return { kind: 'other' };
  const message = messageOf(seen);
  if (message === undefined) return undefined;
  const serverName = serverNameOf(message);
  return { kind: 'hello', ...(serverName === undefined ? {} : { serverName }) };
}

/** The body of the first handshake message, put together from its records; undefined while it is not complete. */
function messageOf(seen: Buffer): Buffer | undefined {
  const fragments: Buffer[] = [];
  let held = 0;
  let needed = headerLength;
  for (let at = 0; held < needed && seen.length >= at + 5; ) {
    if (fragments.length === mostRecords) throw new MalformedHelloError(`it is spread over more than ${mostRecords} records`);
    const length = recordLength(seen, at);
    const fragment = seen.subarray(at + 5, at + 5 + length);
    fragments.push(fragment);
    held += fragment.length;
    if (needed === headerLength && held >= headerLength) needed += bodyLength(Buffer.concat(fragments));
    at += 5 + length;
  }
  return held < needed ? undefined : Buffer.concat(fragments).subarray(headerLength, needed);
}

function recordLength(seen: Buffer, at: number): number {
  if (seen.readUInt8(at) !== handshakeRecord) throw new MalformedHelloError('another record stands inside the greeting');
  if (seen.readUInt8(at + 1) !== 3) throw new MalformedHelloError('its record is of no version of TLS');
  const length = seen.readUInt16BE(at + 3);
  if (length === 0 || length > mostRecordBytes) throw new MalformedHelloError('the length of its record is not possible');
  return length;
}

/** Of the message whose header these bytes begin with. */
function bodyLength(handshake: Buffer): number {
  if (handshake.readUInt8(0) !== clientHello) throw new MalformedHelloError('its first message is no ClientHello');
  const length = handshake.readUIntBE(1, 3);
  if (length > mostHelloBytes) throw new MalformedHelloError(`it is longer than ${mostHelloBytes} bytes`);
  return length;
}

/** Walks a message by the lengths that are written in it. */
class Cursor {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get ended(): boolean {
    return this.#at === this.bytes.length;
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(length: number): Buffer {
    if (this.#at + length > this.bytes.length) throw new MalformedHelloError('a length in it leads past its end');
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** A vector: its length in so many bytes, then that. */
  vector(size: 1 | 2): Buffer {
    return this.take(this.number(size));
  }
}

function serverNameOf(message: Buffer): string | undefined {
  const hello = new Cursor(message);
  const version = hello.number(2);
  hello.take(32);
  const sessionId = hello.vector(1);
  const suites = hello.vector(2);
  const compression = hello.vector(1);
  const possible = version >> 8 === 3 && sessionId.length <= 32 && suites.length > 0 && suites.length % 2 === 0;
  if (!possible || compression.length === 0) throw new MalformedHelloError('its fields are not those of a ClientHello');
  // Before TLS 1.3 a client may have nothing to add.
  if (hello.ended) return undefined;
  const extensions = new Cursor(hello.vector(2));
  if (!hello.ended) throw new MalformedHelloError('something follows its extensions');
  return findServerName(extensions);
}

/** Reads on to the end: one that comes twice, or a length that leads nowhere, makes servers differ in what they read. */
function findServerName(extensions: Cursor): string | undefined {
  const seen = new Set<number>();
  let found: string | undefined;
  while (!extensions.ended) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (seen.has(type)) throw new MalformedHelloError('an extension comes twice');
    seen.add(type);
    if (type === serverNameExtension) found = nameIn(content);
  }
  return found;
}

function nameIn(content: Buffer): string {
  const extension = new Cursor(content);
  const list = new Cursor(extension.vector(2));
  const type = list.number(1);
  const name = list.vector(2).toString('latin1').toLowerCase();
  if (type !== hostName || !list.ended || !extension.ended)
    throw new MalformedHelloError('its list of server names is not one host name');
  if (!/^[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?$/.test(name) || name.length > 253 || name.includes('..')) {
    throw new MalformedHelloError('the server name is no DNS name');
  }
  return name;
}
