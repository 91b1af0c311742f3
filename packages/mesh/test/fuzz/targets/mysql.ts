import { init, parse } from '@guanmingchiu/sqlparser-ts';
import { readGreeting } from '../../../src/mysql/protocol/greeting.js';
import { readChangeUser, readLogin } from '../../../src/mysql/protocol/login.js';
import { ProtocolError } from '../../../src/mysql/protocol/protocol-error.js';
import { queryText } from '../../../src/mysql/protocol/query-text.js';
import { readStatements } from '../../../src/mysql/sql/read-statements.js';
import { scan } from '../../../src/mysql/sql/scanner.js';
import { SqlError } from '../../../src/mysql/sql/sql-error.js';
import type { StatementReader } from '../../../src/mysql/sql/statement-reader.js';
import { command, greeting, login, query, Wire } from '../../mysql/wire.js';
import { type FuzzTarget, holds, refusing } from '../fuzz-target.js';

const words = [
  'SELECT ',
  'DELETE FROM t',
  ' t ',
  '`',
  "'",
  '"',
  '\\',
  '/*!',
  '*/',
  '-- ',
  ';',
  '\0',
  '\xfb',
  '\xfc',
  '\xfe',
  '\xff',
  'app\0',
  '\x03',
  '\x16',
  '\x17',
  '\x11',
  'USE a',
  'SET NAMES ',
  '_latin1',
  '\xc2\xa0',
  '\x01\0\0\x01',
];
const texts = [
  'SELECT * FROM t',
  'UPDATE a.t SET b = 1; DELETE FROM t',
  'SET NAMES utf8mb4',
  'SHOW TABLES',
  "INSERT INTO t VALUES ('a\\'b')",
  'LOAD DATA INFILE "x" INTO TABLE t',
  'USE a',
];

export const mysqlPackets: FuzzTarget = {
  name: 'mysql-packets',
  words,
  seeds: async () => {
    await init();
    return [
      greeting().subarray(4),
      login({ database: 'db' }).subarray(4),
      login().subarray(4),
      ...texts.map((text) => Buffer.from(text)),
    ];
  },
  run: (bytes) => {
    const server = readGreeting(greeting().subarray(4));
    refusing([ProtocolError], () => void readGreeting(bytes));
    refusing([ProtocolError], () => void readLogin(bytes, server));
    for (const capabilities of [0, server.capabilities, 0xffff_ffff]) {
      refusing([ProtocolError], () => void readChangeUser(bytes, capabilities));
      refusing([ProtocolError], () => void queryText(bytes, capabilities));
    }
    const text = bytes.toString('latin1');
    for (const utf8 of [false, true]) {
      refusing([SqlError], () => void scan(text, utf8));
      refusing([SqlError], () => void readStatements(text, utf8, (sql) => parse(sql, 'mysql')));
    }
  },
};

/** Reads where it is asked, not in a thread; it is the session that is tried here. */
const reader = {
  read: async (bytes: Buffer, utf8: boolean) => readStatements(bytes.toString('latin1'), utf8, (sql) => parse(sql, 'mysql')),
} as unknown as StatementReader;

export const mysqlSessions: FuzzTarget = {
  name: 'mysql-sessions',
  words,
  seeds: async () => {
    await init();
    const opening = login({ database: 'db' });
    return [
      Buffer.concat([opening, query('UPDATE t SET a = 1'), query('DELETE FROM t'), command(1)]),
      Buffer.concat([opening, command(0x16, 'UPDATE t SET a = ?'), command(0x17, [1, 0, 0, 0, 0, 1, 0, 0, 0]), command(1)]),
      Buffer.concat([
        opening,
        command(2, 'other'),
        query('UPDATE t SET a = 1'),
        command(0x1f),
        command(0x11, 'app\0', [0], 'db\0', [45, 0]),
      ]),
    ];
  },
  run: async (bytes) => {
    // Allowed is nothing that is about a table: no statement that reads as one may reach the server.
    const wire = new Wire(reader, (published) => Object.keys(published ?? {}).length === 0);
    await wire.talk(bytes.length === 0 ? Buffer.from([0]) : bytes, [bytes.length >> 1]);
    for (const sent of wire.server.commands) {
      holds(!(sent[0] === 3 && /^(DELETE FROM|UPDATE) [a-z.]+/i.test(sent.toString('latin1', 1))), 'what is denied is not sent');
    }
  },
};
