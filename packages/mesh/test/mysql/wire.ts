import { type Duplex, duplexPair } from 'node:stream';
import type { JsonObject, Verdict } from '@sallyport/policy';
import { MysqlStream } from '../../src/mysql/mysql-stream.js';
import type { StatementReader } from '../../src/mysql/sql/statement-reader.js';

/** Packets as both sides of a connection send them, made without the code that reads them. */
export function packet(sequence: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const payload = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
  const packets: Buffer[] = [];
  for (let at = 0; ; at += 0xffffff) {
    const part = payload.subarray(at, at + 0xffffff);
    packets.push(
      Buffer.from([part.length & 255, (part.length >> 8) & 255, part.length >> 16, (sequence + packets.length) & 255]),
      part,
    );
    if (part.length < 0xffffff) return Buffer.concat(packets);
    // Header and part alternate; the number of packets so far is half of that.
    packets.splice(packets.length - 2, 2, Buffer.concat(packets.slice(-2)));
  }
}

const u16 = (value: number) => [value & 255, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];

export const flag = { database: 8, compress: 32, p41: 512, tls: 2048, secure: 32768, plugin: 1 << 19, attributes: 1 << 27 };
export const serverFlags = 1 | flag.database | flag.compress | flag.p41 | flag.tls | flag.secure | flag.plugin | flag.attributes;
export const clientFlags = 1 | flag.p41 | flag.secure;

/** What a server says first. */
export function greeting(flags = serverFlags, status = 2): Buffer {
  const challenge = '12345678';
  return packet(
    0,
    [10],
    '8.0.0\0',
    u32(7),
    challenge,
    [0],
    u16(flags & 0xffff),
    [45],
    u16(status),
    u16(flags >>> 16),
    [21],
    Buffer.alloc(10),
    '123456789012\0',
  );
}

/** What a client answers to it. */
export function login(more: { flags?: number; database?: string; collation?: number } = {}): Buffer {
  const { flags = clientFlags, database, collation = 45 } = more;
  const all = database === undefined ? flags : flags | flag.database;
  return packet(
    1,
    u32(all),
    u32(1 << 24),
    [collation],
    Buffer.alloc(23),
    'app\0',
    [4],
    'hash',
    database === undefined ? '' : `${database}\0`,
  );
}

/** A command with what follows its code. */
export const command = (code: number, ...parts: readonly (Buffer | string | readonly number[])[]) => packet(0, [code], ...parts);
export const query = (sql: string) => command(3, sql);
const ok = (sequence = 1, status = 2) => packet(sequence, [0, 0, 0], u16(status), [0, 0]);
const failed = (sequence = 1) => packet(sequence, [0xff], u16(1049), '#42000no');
export const ids = u32;

/** A server that says OK to everything, except where `nowhere` is in it; and remembers what it was sent. */
export class TestServer {
  readonly commands: Buffer[] = [];
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = 4;
  #phase: 'login' | 'commands' = 'login';
  #statements = 0;

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
  }

  /** The texts of what it was sent after the login. */
  get texts(): string[] {
    return this.commands.map((each) => each.toString('latin1', 1));
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const bytes = Buffer.concat(this.#chunks);
      const end = endOfCommand(bytes);
      this.#chunks = [bytes.subarray(end.complete ? end.at : 0)];
      this.#size = this.#chunks[0]?.length ?? 0;
      this.#needed = end.complete ? 4 : end.at;
      if (end.complete) this.#answer(Buffer.concat(end.parts));
    }
  }

  #answer(payload: Buffer): void {
    if (this.#phase === 'login') {
      this.#phase = 'commands';
      this.stream.write(ok(2));
      return;
    }
    this.commands.push(Buffer.from(payload));
    const code = payload[0];
    if (code === 1) this.stream.end();
    else if (code === 0x16) this.stream.write(packet(1, [0], u32(++this.#statements), u16(0), u16(0), [0, 0, 0]));
    else if (code !== 0x18 && code !== 0x19) this.stream.write(payload.includes('nowhere') ? failed() : ok());
  }
}

/** Where the first command ends, or how many bytes are needed to know more. */
function endOfCommand(bytes: Buffer): { complete: boolean; at: number; parts: Buffer[] } {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    if (bytes.length < at + 4) return { complete: false, at: at + 4, parts };
    const length = bytes.readUIntLE(at, 3);
    if (bytes.length < at + 4 + length) return { complete: false, at: at + 4 + length, parts };
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
    if (length < 0xffffff) return { complete: true, at, parts };
  }
}

/** A client, the filter under test and a server. */
export class Wire {
  readonly server: TestServer;
  readonly received: Buffer[] = [];
  readonly denied: string[] = [];
  failure: Error | undefined;
  readonly #client: Duplex;
  readonly #filter: MysqlStream;

  constructor(
    reader: StatementReader,
    allows: (published: JsonObject | undefined) => boolean,
    first = greeting(),
    mostStatementBytes = 1 << 20,
  ) {
    const [client, inner] = duplexPair();
    const [outer, server] = duplexPair();
    this.#client = client;
    client.on('data', (chunk: Buffer) => this.received.push(chunk));
    client.on('error', () => undefined);
    const verdict = (published?: JsonObject): Verdict =>
      allows(published)
        ? { effect: 'allow', reason: 'allow-policy', audit: [] }
        : { effect: 'deny', reason: 'no-allow-match', audit: [] };
    this.#filter = new MysqlStream(
      inner,
      { judge: verdict, decided: ({ effect }, subject) => effect === 'deny' && this.denied.push(subject) },
      { read: (sql, utf8) => reader.read(sql, utf8), mostStatementBytes },
    );
    this.#filter.on('error', (error) => {
      this.failure = error;
      outer.destroy();
    });
    this.#filter.pipe(outer).pipe(this.#filter);
    this.server = new TestServer(server);
    server.write(first);
  }

  rejudge() {
    return this.#filter.session.rejudge();
  }

  /** Sends bytes cut at these places, and resolves when the connection is over. */
  async talk(bytes: Buffer, cuts: readonly number[] = []): Promise<this> {
    const over = new Promise<void>((resolve) => this.#filter.once('close', () => resolve()));
    const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
    for (const [at, start] of places.slice(0, -1).entries()) {
      if (!this.#client.destroyed) this.#client.write(bytes.subarray(start, places[at + 1]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#client.end();
    await over;
    return this;
  }

  /** The error packets that the client was sent, as code and text. */
  get errors(): string[] {
    const all = Buffer.concat(this.received);
    const found: string[] = [];
    for (let at = 0; at + 4 <= all.length; ) {
      const length = all.readUIntLE(at, 3);
      const payload = all.subarray(at + 4, at + 4 + length);
      if (payload[0] === 0xff) found.push(`${payload.readUInt16LE(1)} ${payload.toString('utf8', 9)}`);
      at += 4 + length;
    }
    return found;
  }
}
