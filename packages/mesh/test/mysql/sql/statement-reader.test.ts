import { afterEach, describe, expect, it } from 'vitest';
import { StatementReader, type StatementReaderLimits } from '../../../src/mysql/sql/statement-reader.js';

let reader: StatementReader;
afterEach(() => reader.close());
const start = (limits: Partial<StatementReaderLimits> = {}) => {
  reader = new StatementReader(limits);
  return (sql: string) => reader.read(Buffer.from(sql), true);
};
const one = { statements: [{ accesses: [{ table: 't', operation: 'select' }] }] };

describe('a reader of statements', () => {
  it('reads one after the other, in order', async () => {
    const read = start();
    const [first, second] = await Promise.all([read('SELECT * FROM t'), read('SELECT 1')]);
    expect(first).toEqual(one);
    expect(second).toEqual({ statements: [{ accesses: [] }] });
  });

  it('gives up what takes too long, and reads on', async () => {
    const read = start({ deadlineMs: 300 });
    await read('SELECT 1');
    const slow = `SELECT ${'INTERVAL '.repeat(28)}1 DAY`;
    const [refused, next] = await Promise.allSettled([read(slow), read('SELECT * FROM t')]);
    expect(refused).toMatchObject({ reason: { name: 'SqlError', message: 'the statement takes too long to read' } });
    expect(next).toEqual({ status: 'fulfilled', value: one });
  });

  it('survives statements on which the parser breaks', async () => {
    const read = start();
    for (const sql of [`SELECT 1${' AND 1'.repeat(50_000)}`, `SELECT ${'('.repeat(50_000)}`, `SELECT ${'- '.repeat(50_000)}1`]) {
      await expect(read(sql)).rejects.toMatchObject({ name: 'SqlError' });
      expect(await read('SELECT * FROM t')).toEqual(one);
    }
  });

  it('refuses what waits behind too much, and everything once it is closed', async () => {
    const read = start({ mostWaiting: 1 });
    const results = await Promise.allSettled([read('SELECT 1'), read('SELECT 2'), read('SELECT 3')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    reader.close();
    await expect(read('SELECT 1')).rejects.toThrow('wait to be read');
  });

  it('reads an insert of many rows within the deadline', async () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => `(${at}, 'abc', NULL)`).join(',');
    expect(await start()(`INSERT INTO t VALUES ${rows}`)).toEqual({
      statements: [{ accesses: [{ table: 't', operation: 'insert' }] }],
    });
  });
});
