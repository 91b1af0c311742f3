import { isPermit, type Permit, type Verdict } from '@sallyport/policy';
import type { FilteredConnection } from '../metadata/network-filter.js';
import { command, onStatement, plainCommands } from './commands.js';
import { DatabaseState, NoDatabaseError, type Resolution, type ResolvedStatement } from './database-state.js';
import { type Judgement, judgeStatements } from './judge-statements.js';
import type { PacketHeader, PacketReader } from './packet-reader.js';
import { PreparedStatements } from './prepared-statements.js';
import { Cursor } from './protocol/cursor.js';
import type { Greeting } from './protocol/greeting.js';
import { readChangeUser, readLogin } from './protocol/login.js';
import { encodePacket, errorPacket, largestPacket } from './protocol/packet.js';
import { ProtocolError } from './protocol/protocol-error.js';
import { queryText } from './protocol/query-text.js';
import type { ResponseKind, ResponseOutcome } from './protocol/response.js';
import type { ServerSide, Turn } from './protocol/server-side.js';
import type { Statement } from './sql/access.js';
import type { Reading } from './sql/read-statements.js';
import { type CharacterSet, characterSetOf } from './sql/session-settings.js';
import { SqlError } from './sql/sql-error.js';
import { checkedName } from './sql/table-name.js';

/** What a session needs. */
export interface MysqlSessionOptions {
  readonly connection: FilteredConnection;
  readonly packets: PacketReader;
  readonly server: ServerSide;
  /** Reads the statements of a query; rejects with SqlError for what is not judged. */
  readonly read: (query: Buffer, utf8: boolean) => Promise<Reading>;
  /** Sends bytes of the client on to the server. */
  readonly forward: (bytes: Buffer) => Promise<void>;
  /** Answers the client in the server's place. */
  readonly reply: (bytes: Buffer) => Promise<void>;
  readonly mostStatementBytes: number;
}

/** Why a session ended otherwise than by the client; `answer` is the last that the client is told. */
export class SessionEnd extends Error {
  override readonly name = 'SessionEnd';

  constructor(
    message: string,
    readonly answer?: Buffer,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const mostLoginBytes = 65_536;
const mostNameBytes = 1_024;

/**
 * The client's side of one MySQL connection. Nothing reaches the server before it is known for what it is and judged; each command waits for the
 * answer to the one before.
 */
export class MysqlSession {
  readonly #databases = new DatabaseState();
  readonly #prepared = new PreparedStatements();
  readonly #options: MysqlSessionOptions;
  #capabilities = 0;
  #characterSet: CharacterSet = 'refused';
  #running: readonly ResolvedStatement[] = [];

  constructor(options: MysqlSessionOptions) {
    this.#options = options;
  }

  /** Serves the client until it ends the connection. Rejects with SessionEnd, or an error of the streams. */
  async serve(): Promise<void> {
    try {
      while (await this.#message(await this.#options.server.turn())) {
        // One message after the other.
      }
    } catch (error) {
      if (error instanceof ProtocolError) throw new SessionEnd(error.message, undefined, { cause: error });
      throw error;
    }
  }

  /** What denies what is under way, now. */
  rejudge(): Verdict | undefined {
    const judgement = judgeStatements(this.#options.connection, this.#running);
    return 'permit' in judgement ? undefined : judgement.denial;
  }

  /** Hears one message; false where the client has ended the connection. */
  async #message(turn: Turn): Promise<boolean> {
    const header = await this.#options.packets.header();
    if (header === undefined) return false;
    switch (turn.kind) {
      case 'login':
        await this.#login(header, turn.greeting);
        return true;
      case 'authenticate':
        await this.#authentication(header, turn.sequence);
        return true;
      case 'file':
        await this.#file(header, turn.sequence);
        return true;
      case 'command':
        return this.#command(header);
      case 'over':
        throw new ProtocolError('the client goes on after the server has ended the session');
    }
  }

  async #login(header: PacketHeader, greeting: Greeting): Promise<void> {
    if (header.sequence !== 1 || header.length > mostLoginBytes) throw new ProtocolError('the client does not log in');
    const payload = await this.#options.packets.bytes(header.length);
    const login = readLogin(payload, greeting);
    const database = nameOf(login.database);
    this.#setCollation(login.collation, 2);
    this.#capabilities = login.capabilities;
    const permit = this.#standing(header.sequence);
    this.#authenticate(database);
    await this.#send(permit, encodePacket(header.sequence, payload));
  }

  #authenticate(database: string | undefined): void {
    this.#options.server.authenticate(this.#capabilities, ({ ok }) => {
      if (ok) this.#databases.reset(database);
    });
  }

  async #authentication(header: PacketHeader, asked: number): Promise<void> {
    if (header.sequence !== ((asked + 1) & 0xff) || header.length > mostLoginBytes) {
      throw new ProtocolError('the client does not answer what it was asked');
    }
    const payload = await this.#options.packets.bytes(header.length);
    this.#options.server.authenticated();
    await this.#send(this.#standing(header.sequence), encodePacket(header.sequence, payload));
  }

  /** The content of a file that the server asked for, which ends with an empty packet. */
  async #file(first: PacketHeader, asked: number): Promise<void> {
    let expected = (asked + 1) & 0xff;
    for (let header: PacketHeader | undefined = first; header !== undefined; header = await this.#options.packets.header()) {
      if (header.sequence !== expected) throw new ProtocolError('a packet is out of order');
      expected = (expected + 1) & 0xff;
      if (header.length === 0) this.#options.server.fileSent();
      await this.#stream(this.#standing(header.sequence), header, Buffer.alloc(0));
      if (header.length === 0) return;
    }
    throw new ProtocolError('the client stops within a file');
  }

  async #command(header: PacketHeader): Promise<boolean> {
    this.#running = [];
    if (header.sequence !== 0 || header.length === 0) throw new ProtocolError('the client sends no command');
    const [code = 0] = await this.#options.packets.bytes(1);
    switch (code) {
      case command.quit:
        await this.#plain(header, code);
        return false;
      case command.query:
      case command.prepare:
        await this.#statement(header, code);
        return true;
      case command.initDatabase:
        await this.#initDatabase(header);
        return true;
      case command.fieldList:
        await this.#fieldList(header);
        return true;
      case command.changeUser:
        await this.#changeUser(header);
        return true;
      case command.sendLongData:
      case command.closeStatement:
        await this.#unanswered(header, code);
        return true;
      default:
        await this.#other(header, code);
        return true;
    }
  }

  async #other(header: PacketHeader, code: number): Promise<void> {
    const onPrepared = onStatement.get(code);
    const plain = plainCommands.get(code);
    if (onPrepared !== undefined) await this.#onStatement(header, code, onPrepared);
    else if (plain !== undefined) await this.#plain(header, code, plain);
    else throw new ProtocolError(`command ${code} is not judged`);
  }

  async #statement(header: PacketHeader, code: number): Promise<void> {
    const { payload, last } = await this.#whole(header, this.#options.mostStatementBytes);
    const isQuery = code === command.query;
    const text = isQuery ? queryText(payload, this.#capabilities) : payload;
    const reading = await this.#reading(text, last);
    const changes = reading.characterSet !== undefined || reading.statements.some(({ use }) => use !== undefined);
    if (!isQuery && changes) throw this.#unread('a prepared statement would change what later ones mean', last);
    const resolution = await this.#resolved(reading.statements, last);
    const permit = resolution && (await this.#judged(resolution.statements, last));
    if (resolution === undefined || permit === undefined) {
      if (!isQuery) this.#prepared.prepared(undefined, []);
      return;
    }
    await this.#ask(permit, packetsOf(code, payload), isQuery ? 'result' : 'prepared', ({ ok, statement }) => {
      resolution.executed(ok);
      if (isQuery) this.#changeCharacterSet(reading.characterSet, ok);
      else this.#prepared.prepared(statement, resolution.statements);
    });
  }

  async #reading(text: Buffer, sequence: number): Promise<Reading> {
    try {
      return await this.#options.read(text, this.#characterSet === 'utf8');
    } catch (error) {
      throw error instanceof SqlError ? this.#unread(error.message, sequence) : error;
    }
  }

  /** Undefined where the client was told that no database is current, which is all that the server would say. */
  async #resolved(statements: readonly Statement[], sequence: number): Promise<Resolution | undefined> {
    try {
      return this.#databases.resolve(statements);
    } catch (error) {
      if (error instanceof NoDatabaseError) {
        await this.#options.reply(errorPacket(sequence + 1, { code: 1046, state: '3D000', message: 'No database selected' }));
        return undefined;
      }
      throw error instanceof SqlError ? this.#unread(error.message, sequence) : error;
    }
  }

  /** Judges statements; where they are denied the client is told so, and may go on. */
  async #judged(statements: readonly ResolvedStatement[], sequence: number): Promise<Permit | undefined> {
    const judgement = this.#judge(statements);
    if ('permit' in judgement) return judgement.permit;
    await this.#options.reply(errorPacket(sequence + 1, denialError(judgement)));
    return undefined;
  }

  #judge(statements: readonly ResolvedStatement[]): Judgement {
    const judgement = judgeStatements(this.#options.connection, statements);
    if ('permit' in judgement) {
      this.#options.connection.decided(judgement.permit, '');
      this.#running = statements;
    } else {
      this.#options.connection.decided(judgement.denial, judgement.subject);
    }
    return judgement;
  }

  async #initDatabase(header: PacketHeader): Promise<void> {
    const { payload, last } = await this.#whole(header, mostNameBytes);
    const use = nameOf(payload);
    if (use === undefined) throw new ProtocolError('the client names no database');
    const resolution = await this.#resolved([{ accesses: [], use }], last);
    await this.#ask(this.#standing(last), packetsOf(command.initDatabase, payload), 'status', ({ ok }) =>
      resolution?.executed(ok),
    );
  }

  /** An older way to ask for the columns of a table. */
  async #fieldList(header: PacketHeader): Promise<void> {
    const { payload, last } = await this.#whole(header, mostNameBytes);
    const table = nameOf(new Cursor(payload).terminated());
    if (table === undefined) throw new ProtocolError('the client names no table');
    const resolution = await this.#resolved([{ accesses: [{ table, operation: 'show' }] }], last);
    const permit = resolution && (await this.#judged(resolution.statements, last));
    if (permit !== undefined) await this.#ask(permit, packetsOf(command.fieldList, payload), 'rows', () => undefined);
  }

  async #changeUser(header: PacketHeader): Promise<void> {
    const { payload, last } = await this.#whole(header, mostLoginBytes);
    const { database, collation } = readChangeUser(payload, this.#capabilities);
    if (collation === undefined) throw new ProtocolError('the client names no character set');
    const name = nameOf(database);
    this.#setCollation(collation, last + 1);
    this.#prepared.clear();
    const permit = this.#standing(last);
    this.#authenticate(name);
    await this.#send(permit, packetsOf(command.changeUser, payload));
  }

  /** What is done with a prepared statement is judged as the statement is. */
  async #onStatement(header: PacketHeader, code: number, kind: ResponseKind): Promise<void> {
    const id = await this.#statementId(header);
    const statements = this.#prepared.find(id.readUInt32LE());
    const judgement = statements && this.#judge(statements);
    const beginning = Buffer.concat([Buffer.from([code]), id]);
    if (judgement !== undefined && 'permit' in judgement) {
      this.#expect(kind);
      await this.#stream(judgement.permit, header, beginning);
    } else {
      const last = await this.#discard(header, beginning.length);
      await this.#options.reply(errorPacket(last + 1, judgement === undefined ? unknownStatement : denialError(judgement)));
    }
  }

  async #unanswered(header: PacketHeader, code: number): Promise<void> {
    const id = await this.#statementId(header);
    if (code === command.closeStatement) this.#prepared.close(id.readUInt32LE());
    await this.#stream(this.#standing(header.sequence), header, Buffer.concat([Buffer.from([code]), id]));
  }

  async #plain(header: PacketHeader, code: number, kind?: ResponseKind): Promise<void> {
    const { payload, last } = await this.#whole(header, mostNameBytes);
    const permit = this.#standing(last);
    if (kind === undefined) {
      await this.#send(permit, packetsOf(code, payload));
      return;
    }
    await this.#ask(permit, packetsOf(code, payload), kind, () => {
      if (code !== command.resetConnection) return;
      this.#prepared.clear();
      this.#characterSet = 'single-byte';
    });
  }

  async #statementId(header: PacketHeader): Promise<Buffer> {
    if (header.length < 5) throw new ProtocolError('the client names no statement');
    return this.#options.packets.bytes(4);
  }

  /** The rest of a command whose first byte was read, all of it, and the sequence number of its last part. */
  async #whole(header: PacketHeader, most: number): Promise<{ readonly payload: Buffer; readonly last: number }> {
    const { packets } = this.#options;
    const parts: Buffer[] = [];
    let size = -1;
    let last = header.sequence;
    for (let part: PacketHeader | undefined = header; part !== undefined; part = await packets.continuation(part)) {
      size += part.length;
      if (size > most) throw this.#tooLarge(part.sequence);
      parts.push(await packets.bytes(part === header ? part.length - 1 : part.length));
      last = part.sequence;
    }
    return { payload: Buffer.concat(parts), last };
  }

  /** Reads what is left of a command and forgets it. */
  async #discard(header: PacketHeader, read: number): Promise<number> {
    const { packets } = this.#options;
    let last = header.sequence;
    for (let part: PacketHeader | undefined = header; part !== undefined; part = await packets.continuation(part)) {
      for await (const _ of packets.pieces(part === header ? part.length - read : part.length)) {
        // Nothing of it is kept.
      }
      last = part.sequence;
    }
    return last;
  }

  /** Sends a command on as it comes, `read` bytes of which were read. */
  async #stream(permit: Permit, header: PacketHeader, read: Buffer): Promise<void> {
    const { packets } = this.#options;
    await this.#send(permit, Buffer.concat([headerOf(header), read]));
    for (let part: PacketHeader | undefined = header; part !== undefined; part = await packets.continuation(part)) {
      if (part !== header) await this.#send(permit, headerOf(part));
      for await (const piece of packets.pieces(part === header ? part.length - read.length : part.length)) {
        await this.#send(permit, piece);
      }
    }
  }

  async #ask(permit: Permit, bytes: Buffer, kind: ResponseKind, answered: (outcome: ResponseOutcome) => void): Promise<void> {
    this.#expect(kind, answered);
    await this.#send(permit, bytes);
  }

  #expect(kind: ResponseKind, answered?: (outcome: ResponseOutcome) => void): void {
    this.#options.server.expect(kind, (outcome) => {
      this.#running = [];
      answered?.(outcome);
    });
  }

  /** The only way to the server; it takes the verdict that allows it. */
  async #send(permit: Permit, bytes: Buffer): Promise<void> {
    if (permit.effect !== 'allow') throw new SessionEnd('no permit for these bytes');
    await this.#options.forward(bytes);
  }

  /** The verdict on the connection as such, under which everything passes that is about no table. */
  #standing(sequence: number): Permit {
    const verdict = this.#options.connection.judge();
    if (verdict !== undefined && isPermit(verdict)) return verdict;
    if (verdict !== undefined) this.#options.connection.decided(verdict, 'connection');
    throw new SessionEnd('the connection is not allowed any more', errorPacket(sequence + 1, accessDenied));
  }

  #setCollation(id: number, sequence: number): void {
    this.#characterSet = characterSetOf(id);
    if (this.#characterSet === 'refused')
      throw this.#unread('a character set in which statements cannot be read for certain', sequence - 1);
  }

  #changeCharacterSet(changed: CharacterSet | undefined, ok: boolean): void {
    if (changed !== undefined && changed !== this.#characterSet) this.#characterSet = ok ? changed : 'single-byte';
  }

  #unread(why: string, sequence: number): SessionEnd {
    const message = `the mesh does not let through what it cannot judge: ${why}`;
    return new SessionEnd(`statement not judged: ${why}`, errorPacket(sequence + 1, { code: 1064, state: '42000', message }));
  }

  #tooLarge(sequence: number): SessionEnd {
    const message = 'the mesh does not let through statements of this size';
    return new SessionEnd('statement too large', errorPacket(sequence + 1, { code: 1153, state: '08S01', message }));
  }
}

const unknownStatement = { code: 1243, state: 'HY000', message: 'Unknown prepared statement handler' };
const accessDenied = { code: 1142, state: '42000', message: 'command denied by mesh policy' };

/** What MySQL says where a privilege is missing. */
function denialError(judgement: Exclude<Judgement, { readonly permit: Permit }>) {
  const { operation, key } = judgement;
  if (operation === undefined) return accessDenied;
  return { ...accessDenied, message: `${operation.toUpperCase()} command denied by mesh policy for table '${key}'` };
}

/** A name as the client sent it, which has to be one that keys can say. */
function nameOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return checkedName(new TextDecoder('utf-8', { fatal: true }).decode(bytes), '`');
  } catch (cause) {
    throw new ProtocolError('a name cannot be read', { cause });
  }
}

function headerOf({ length, sequence }: PacketHeader): Buffer {
  return Buffer.from([length & 0xff, (length >> 8) & 0xff, length >> 16, sequence]);
}

/** A command in packets, as it came: cut where it is larger than one. */
function packetsOf(code: number, payload: Buffer): Buffer {
  const whole = Buffer.concat([Buffer.from([code]), payload]);
  const packets: Buffer[] = [];
  for (let at = 0; ; at += largestPacket) {
    const part = whole.subarray(at, at + largestPacket);
    packets.push(encodePacket(packets.length, part));
    if (part.length < largestPacket) return Buffer.concat(packets);
  }
}
