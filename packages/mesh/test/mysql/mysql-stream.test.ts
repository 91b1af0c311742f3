import type { JsonObject } from '@sallyport/policy';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { StatementReader } from '../../src/mysql/sql/statement-reader.js';
import { clientFlags, command, flag, greeting, ids, login, packet, query, serverFlags, Wire } from './wire.js';

const reader = new StatementReader();
afterAll(() => reader.close());

/** Allows what is about no table, and these `db.table operation`s. */
const only =
  (...allowed: readonly string[]) =>
  (published: JsonObject | undefined) =>
    Object.entries(published ?? {}).every(([key, operations]) =>
      (operations as readonly string[]).every((each) => allowed.includes(`${key} ${each}`)),
    );
const quit = command(1);
const talk = (bytes: readonly Buffer[], allows = only('db.t update'), first?: Buffer, most?: number) =>
  new Wire(reader, allows, first, most).talk(Buffer.concat(bytes));
const inDb = login({ database: 'db' });

describe('a MySQL connection', () => {
  it('passes what is allowed, and answers what is denied in the place of the server', async () => {
    const wire = await talk([inDb, query('UPDATE t SET a = 1'), query('DELETE FROM t'), query('UPDATE db.t SET a = 2'), quit]);
    expect(wire.server.texts).toEqual(['UPDATE t SET a = 1', 'UPDATE db.t SET a = 2', '']);
    expect(wire.errors).toEqual(["1142 DELETE command denied by mesh policy for table 'db.t'"]);
    expect(wire.denied).toEqual(['delete on db.t']);
    expect(wire.failure).toBeUndefined();
  });

  it('passes nothing of several statements if one of them is denied', async () => {
    const wire = await talk([
      inDb,
      query('UPDATE t SET a = 1; DELETE FROM t'),
      query('UPDATE t SET a = (SELECT 1 FROM u)'),
      quit,
    ]);
    expect(wire.server.texts).toEqual(['']);
    expect(wire.denied).toEqual(['delete on db.t', 'select on db.u']);
  });

  it('shows a DENY rule the whole statement, and each name in lower case, too', async () => {
    const seen: JsonObject[] = [];
    await talk([inDb, query('INSERT INTO T SELECT * FROM u'), quit], (published) => {
      if (published !== undefined) seen.push(published);
      return true;
    });
    expect(seen).toEqual([
      { 'db.T': ['insert'] },
      { 'db.u': ['select'] },
      { 'db.T': ['insert'], 'db.t': ['insert'], 'db.u': ['select'] },
    ]);
  });

  it('follows the database of USE, COM_INIT_DB and COM_CHANGE_USER, and trusts in no change that failed', async () => {
    const allows = only('a.t delete', 'b.t delete', 'nowhere.t delete', 'c.t delete');
    const user = command(0x11, 'app\0', [4], 'hash', 'c\0', [45, 0]);
    const remove = query('DELETE FROM t');
    const wire = await talk([inDb, query('USE a'), remove, command(2, 'b'), remove, quit], allows);
    expect(wire.server.texts).toEqual(['USE a', 'DELETE FROM t', 'b', 'DELETE FROM t', '']);
    const doubtful = await talk([inDb, query('USE nowhere'), remove, command(2, 'nowhere'), remove, user, remove, quit], allows);
    expect(doubtful.denied).toEqual(['delete on db.t', 'delete on db.t']);
    expect(doubtful.server.texts.slice(0, 2)).toEqual(['USE nowhere', 'nowhere']);
    expect(doubtful.server.texts.slice(-2)).toEqual(['DELETE FROM t', '']);
  });

  it('says itself that no database is selected, rather than guess', async () => {
    const wire = await talk([login(), query('UPDATE t SET a = 1'), quit]);
    expect(wire.errors).toEqual(['1046 No database selected']);
    expect(wire.server.texts).toEqual(['']);
  });

  it('judges a prepared statement when it is prepared, and again when it is executed', async () => {
    let denies = false;
    const allows = (published: JsonObject | undefined) => {
      const allowed = only('db.t update')(published) && !(denies && published !== undefined);
      if (published !== undefined && 'db.last delete' in published) denies = true;
      return allowed;
    };
    const execute = (id: number) => command(0x17, ids(id), [0], ids(1));
    const wire = await talk(
      [
        inDb,
        command(0x16, 'UPDATE t SET a = ?'),
        execute(1),
        execute(0xffffffff),
        command(0x16, 'DELETE FROM t'),
        execute(0xffffffff),
        execute(9),
        command(0x19, ids(1)),
        execute(1),
        quit,
      ],
      allows,
    );
    expect(wire.server.commands.map(([code]) => code)).toEqual([0x16, 0x17, 0x17, 0x19, 1]);
    expect(wire.errors.map((each) => each.slice(0, 4))).toEqual(['1142', '1243', '1243', '1243']);
    const later = await talk(
      [inDb, command(0x16, 'UPDATE t SET a = ?'), query('DELETE FROM t'), execute(1), quit],
      (published) => {
        if (published !== undefined && JSON.stringify(published).includes('delete')) denies = true;
        return only('db.t update')(published) && !(denies && published !== undefined);
      },
    );
    expect(later.server.commands.map(([code]) => code)).toEqual([0x16, 1]);
    expect(later.denied).toEqual(['delete on db.t', 'update on db.t']);
  });

  it('takes the attributes of newer clients for what they are, where both sides have them', async () => {
    const flags = clientFlags | flag.attributes;
    const attributes = [2, 1, 0b10, 1, 0xfd, 0, 2, 0x61, 0x62, 3, 0, 1, 0x63, 5, ...Buffer.from('DELET')];
    const sent = command(3, attributes, 'UPDATE t SET a = 1');
    const wire = await talk([login({ database: 'db', flags }), sent, command(3, [0, 1], 'DELETE FROM t'), quit]);
    expect(wire.server.commands[0]).toEqual(sent.subarray(4));
    expect(wire.denied).toEqual(['delete on db.t']);
  });

  it('reads a statement that goes on over several packets', async () => {
    const sql = `UPDATE t SET a = '${'x'.repeat(0xffffff)}'`;
    const wire = await talk([inDb, query(sql), query(`${sql}; DELETE FROM t`), quit], only('db.t update'), undefined, 1 << 25);
    expect(wire.server.texts.map((each) => each.length)).toEqual([sql.length, 0]);
    expect(wire.denied).toEqual(['delete on db.t']);
  });

  it('offers neither TLS nor compression', async () => {
    const wire = await talk([login(), quit]);
    const offered = Buffer.concat(wire.received).subarray(4);
    const at = offered.indexOf(0, 1) + 1 + 4 + 8 + 1;
    expect(offered.readUInt16LE(at)).toBe(serverFlags & 0xffff & ~(flag.tls | flag.compress));
  });
});

describe('what ends a MySQL connection', () => {
  const sql = query('UPDATE t SET a = 1');
  const cases: readonly (readonly [title: string, bytes: readonly Buffer[], why: string, first?: Buffer])[] = [
    ['a switch to TLS', [packet(1, ids(clientFlags | flag.tls), ids(1 << 24), [45], Buffer.alloc(23))], 'switches to TLS'],
    ['compression', [login({ flags: clientFlags | flag.compress })], 'not offered'],
    ['the older protocol', [packet(1, [5, 0], [0, 0, 1], 'app\0')], 'older protocol'],
    ['a character set that hides quotes', [login({ collation: 28 })], 'character set'],
    ['a login that ends early', [packet(1, ids(clientFlags), [0])], 'ends too early'],
    ['a command in the place of the login', [sql], 'does not log in'],
    ['SQL that cannot be parsed', [inDb, query('DELETE FRM t'), sql], 'cannot be parsed'],
    ['SQL that some servers execute', [inDb, query('SELECT 1 /*!50000 FROM t */'), sql], 'execute'],
    ['a statement too large', [inDb, query(`SELECT '${'x'.repeat(1 << 20)}'`), sql], 'too large'],
    ['a replication command', [inDb, command(0x12, ids(4)), sql], 'command 18 is not judged'],
    ['a command out of order', [inDb, packet(5, [3], 'UPDATE t SET a = 1')], 'no command'],
    ['an empty command', [inDb, packet(0), sql], 'no command'],
    ['a packet that stops', [inDb, sql.subarray(0, 9)], 'stops within a packet'],
    ['a server that reads backslashes otherwise', [inDb], 'backslashes', greeting(serverFlags, 0x202)],
    ['a prepared USE', [inDb, command(0x16, 'USE x'), sql], 'change what later ones mean'],
  ];

  it.each(cases.map(([title, bytes, why, first]) => ({ title, bytes, why, first })))(
    '$title, and nothing after it reaches the server',
    async ({ bytes, why, first }) => {
      const wire = await talk([...bytes], () => true, first);
      expect(wire.failure?.message).toContain(why);
      expect(wire.server.commands).toEqual([]);
    },
  );

  it('is a verdict on the connection that has changed', async () => {
    const wire = new Wire(reader, () => false);
    expect(wire.rejudge()).toMatchObject({ effect: 'deny' });
    await wire.talk(Buffer.concat([inDb, sql]));
    expect(wire.server.commands).toEqual([]);
    expect(wire.errors).toEqual(['1142 command denied by mesh policy']);
  });
});

describe('laws of a MySQL connection', () => {
  const statement = fc.constantFrom(
    'UPDATE t SET a = 1',
    'DELETE FROM t',
    'SELECT 1',
    'UPDATE db.t SET a = 1; UPDATE t SET b = 2',
    'UPDATE t SET a = 1; DELETE FROM u',
    'USE other',
    'USE db',
    'USE nowhere',
    "UPDATE t SET a = 'DELETE FROM t'",
  );

  it('where the bytes are cut changes no verdict', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), async (statements, cuts) => {
        const bytes = Buffer.concat([inDb, ...statements.map(query), quit]);
        const whole = await new Wire(reader, only('db.t update')).talk(bytes);
        const cut = await new Wire(reader, only('db.t update')).talk(bytes, cuts);
        expect(cut.server.texts).toEqual(whole.server.texts);
        expect(Buffer.concat(cut.received)).toEqual(Buffer.concat(whole.received));
      }),
      { numRuns: 40 },
    );
  });

  it('no bytes whatever bring a denied statement to the server, or end the process', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(statement.map(query), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 }),
        async (parts) => {
          const wire = await new Wire(reader, only('db.t update')).talk(Buffer.concat([inDb, ...parts]));
          expect(wire.server.commands.filter((each) => each[0] === 3 && each.includes('DELETE FROM')).map(String)).toEqual(
            wire.server.commands.filter((each) => String(each).includes("'DELETE FROM t'")).map(String),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
