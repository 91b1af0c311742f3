import { init, parse } from '@guanmingchiu/sqlparser-ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStatements } from '../../../src/mysql/sql/read-statements.js';
import { SqlError } from '../../../src/mysql/sql/sql-error.js';

beforeAll(() => init());

const read = (sql: string, utf8 = true) =>
  readStatements(Buffer.from(sql).toString('latin1'), utf8, (text) => parse(text, 'mysql'));
/** `db.table operation`, sorted, statement after statement. */
const accesses = (sql: string) =>
  read(sql).statements.map(({ accesses: all }) =>
    all.map(({ database, table, operation }) => `${database === undefined ? '' : `${database}.`}${table} ${operation}`).sort(),
  );

const tables: readonly (readonly [sql: string, ...expected: string[]])[] = [
  ['SELECT 1'],
  ['SELECT @@version_comment LIMIT 1'],
  ['SELECT 1 FROM dual'],
  ['SELECT * FROM t', 't select'],
  ['SELECT * FROM `d`.`t` FOR UPDATE', 'd.t select'],
  ['SELECT * FROM a LEFT JOIN b USING (id), c STRAIGHT_JOIN d', 'a select', 'b select', 'c select', 'd select'],
  ['SELECT * FROM (a JOIN b)', 'a select', 'b select'],
  [
    'SELECT (SELECT 1 FROM b), EXISTS (SELECT 1 FROM c) FROM a WHERE x IN (SELECT y FROM d)',
    'a select',
    'b select',
    'c select',
    'd select',
  ],
  ['SELECT * FROM a UNION (SELECT * FROM b) UNION TABLE c', 'a select', 'b select', 'c select'],
  ['SELECT * FROM a, LATERAL (SELECT * FROM b) x', 'a select', 'b select'],
  ['SELECT * FROM t LOCK IN SHARE MODE', 't select'],
  ['SELECT a, COUNT(*) FROM t GROUP BY a WITH ROLLUP', 't select'],
  ['WITH x AS (SELECT * FROM t) SELECT * FROM x', 't select'],
  ['WITH t AS (SELECT * FROM t) SELECT * FROM t', 't select'],
  ['WITH T AS (SELECT 1) SELECT * FROM t', 't select'],
  ['WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT * FROM x'],
  ['SELECT * FROM (WITH x AS (SELECT * FROM t) SELECT * FROM x) y, x', 't select', 'x select'],
  ['SELECT * FROM d.x, (WITH x AS (SELECT 1) SELECT * FROM x) y', 'd.x select'],
  ['INSERT INTO t (a) VALUES (1), (2)', 't insert'],
  ['INSERT IGNORE t SET a = 1', 't insert'],
  ['INSERT INTO t SELECT * FROM u', 't insert', 'u select'],
  ['INSERT INTO t VALUES (1), ((SELECT 1 FROM u))', 't insert', 'u select'],
  ['INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2', 't insert', 't update'],
  ['INSERT INTO t VALUES (1) RETURNING a', 't insert', 't select'],
  ['REPLACE INTO t VALUES (1)', 't delete', 't insert'],
  ['UPDATE t SET a = 1 WHERE b = 2 ORDER BY c LIMIT 1', 't update'],
  ['UPDATE LOW_PRIORITY IGNORE t SET a = (SELECT 1 FROM u)', 't update', 'u select'],
  ['UPDATE a JOIN b ON a.i = b.i SET b.x = a.x', 'a select', 'b update'],
  ['UPDATE a, b SET x = 1', 'a update', 'b update'],
  ['UPDATE a x, b y SET y.n = 1', 'a select', 'b update'],
  ['DELETE FROM t WHERE a IN (SELECT b FROM u)', 't delete', 'u select'],
  ['DELETE QUICK FROM t', 't delete'],
  ['DELETE x FROM t AS x JOIN u', 't delete', 'u select'],
  ['DELETE FROM t USING t JOIN u', 't delete', 'u select'],
  ['TRUNCATE TABLE d.t', 'd.t drop'],
  ['DROP TABLE IF EXISTS a, d.b', 'a drop', 'd.b drop'],
  ['CREATE TABLE t (a INT) ENGINE=InnoDB', 't create'],
  ['CREATE TABLE t LIKE u', 't create', 'u select'],
  ['CREATE TABLE t AS SELECT * FROM u', 't create', 'u select'],
  ['CREATE OR REPLACE VIEW v AS SELECT * FROM t', 't select', 'v create', 'v drop'],
  ['ALTER TABLE t ADD COLUMN c INT', 't alter'],
  ['ALTER TABLE t RENAME TO u', 't alter', 't drop', 'u create', 'u insert'],
  ['RENAME TABLE a TO b', 'a alter', 'a drop', 'b create', 'b insert'],
  ['CREATE INDEX i ON t (a)', 't alter'],
  ['DROP INDEX i ON t', 't alter'],
  ['CREATE DATABASE d', 'd.* create'],
  ['DROP DATABASE d', 'd.* drop'],
  ['LOCK TABLES a READ, b WRITE', 'a lock', 'b lock'],
  ['SHOW FULL COLUMNS FROM t FROM d', 'd.t show'],
  ['SHOW INDEX FROM d.t', 'd.t show'],
  ['SHOW CREATE TABLE t', 't show'],
  ['SHOW TABLES'],
  ['DESCRIBE t', 't show'],
  ['EXPLAIN DELETE FROM t', 't delete'],
  ["LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE d.t FIELDS TERMINATED BY ','", 'd.t delete', 'd.t insert'],
  ['SET @a = (SELECT b FROM t)', 't select'],
  ['START TRANSACTION WITH CONSISTENT SNAPSHOT'],
  ['SAVEPOINT a'],
  ["SELECT 'it''s \\' FROM x' FROM t -- FROM y", 't select'],
  ['SELECT * FROM t # FROM x\n, u', 't select', 'u select'],
  ['SELECT/**/*/* FROM x */FROM t', 't select'],
  ['SELECT 1--1 FROM t', 't select'],
];

describe('the tables of a statement', () => {
  it.each(tables)('%s', (sql, ...expected) => expect(accesses(sql)).toEqual([expected]));

  it('are told apart by statement', () => {
    expect(accesses('UPDATE t SET a = 1; ; DELETE FROM u;')).toEqual([['t update'], ['u delete']]);
    expect(accesses(' -- nothing')).toEqual([]);
    expect(read('USE `shop`; SELECT 1').statements).toEqual([{ accesses: [], use: 'shop' }, { accesses: [] }]);
  });
});

const refused: readonly (readonly [sql: string, why: string])[] = [
  ['SELECT 1 /*!50000 FROM t */', 'a comment that some servers execute'],
  ['/*M! DELETE FROM t */', 'a comment that some servers execute'],
  ['SELECT "a\\" FROM t -- "', 'a backslash in double quotes'],
  ['SELECT * FROM "t"', 'quoted like a text'],
  ['SELECT * FROM `a.b`', 'no key can say'],
  ['SELECT * FROM `a[b]`', 'no key can say'],
  ['SELECT * FROM a.b.c', 'more than two parts'],
  ['SELECT * FROM d.1t', 'a name begins with a digit'],
  ['SELECT * FROM 1t', 'digits run into letters'],
  ['SELECT * FROM f(1)', 'a function stands in place of a table'],
  ['SELECT \\N', 'a character that no statement has'],
  ["SELECT 'a", 'a quotation does not end'],
  ['SELECT 1 /* a', 'a comment does not end'],
  ['CALL p()', 'statements like Call'],
  ['EXECUTE s', 'statements like Execute'],
  ["PREPARE s FROM 'DELETE FROM t'", 'cannot be parsed'],
  ["EXECUTE IMMEDIATE 'DELETE FROM t'", 'statements like Execute'],
  ['BEGIN NOT ATOMIC DELETE FROM t; END', 'cannot be parsed'],
  ['CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW DELETE FROM u', 'cannot be parsed'],
  ['HANDLER t OPEN', 'cannot be parsed'],
  ['GRANT ALL ON *.* TO x', 'statements like Grant'],
  ['SHOW TABLES WHERE (SELECT 1 FROM t)', 'a SHOW statement with a query'],
  ["LOAD DATA INFILE 'x' INTO TABLE t SET a = (SELECT 1 FROM u)", 'a LOAD statement with a query'],
  ['ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u', 'cannot be parsed'],
  ["SET sql_mode = 'ANSI_QUOTES'", 'a mode that changes'],
  ["SET SESSION sql_mode = CONCAT('AN', 'SI_QUOTES')", 'a mode that changes'],
  ["SET @@session.sql_mode = 'AN' 'SI'", 'a mode that changes'],
  ["SET a = 1, `sql_mode` = 'NO_BACKSLASH_ESCAPES'", 'a mode that changes'],
  ['SET sql_mode := @x', 'a mode that changes'],
  ['SET sql_mode = ?', 'a mode that changes'],
  ["SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT 1", 'a mode that changes'],
  ['SET NAMES gbk', 'a character set'],
  ["SET character_set_client = 'sjis'", 'a character set'],
  ['SET CHARACTER SET big5', 'a character set'],
  ['SET NAMES latin1; SELECT 1', 'after a change of its character set'],
];

describe('what is not judged', () => {
  it.each(refused)('%s', (sql, why) => {
    expect(() => read(sql)).toThrow(SqlError);
    expect(() => read(sql)).toThrow(why);
  });

  it('is a name outside ASCII, unless it is in UTF-8', () => {
    expect(accesses('SELECT * FROM `größe`')).toEqual([['größe select']]);
    expect(() => read('SELECT * FROM größe', false)).toThrow('outside ASCII');
    expect(() => readStatements('SELECT * FROM `\xff`', true, () => [])).toThrow('no valid UTF-8');
  });

  it('leaves harmless settings alone', () => {
    for (const sql of [
      "SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE'",
      "SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
      'SET autocommit = 1, character_set_results = NULL',
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    ]) {
      expect(read(sql)).toEqual({ statements: [{ accesses: [] }] });
    }
    expect(read('SET NAMES utf8mb4 COLLATE utf8mb4_bin').characterSet).toBe('utf8');
    expect(read("SET CHARACTER SET 'latin1'").characterSet).toBe('single-byte');
  });
});
