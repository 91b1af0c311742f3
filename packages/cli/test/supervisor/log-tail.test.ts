import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogTail } from '../../src/supervisor/log-tail.js';

let directory: string;
let lines: string[];
let tail: LogTail;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-tail-'));
  lines = [];
});
afterEach(async () => {
  tail.close();
  await rm(directory, { recursive: true });
});

test('hands on what comes after it began, line by line', async () => {
  const path = join(directory, 'a.log');
  await appendFile(path, 'before\n');
  tail = new LogTail(path, (line) => lines.push(line));
  await appendFile(path, 'one\ntwo\nthr');
  tail.read();
  expect(lines).toEqual(['one', 'two']);
  await appendFile(path, 'ee\n');
  tail.read();
  expect(lines).toEqual(['one', 'two', 'three']);
});

test('hands on a last line without its end when it stops', async () => {
  const path = join(directory, 'a.log');
  tail = new LogTail(path, (line) => lines.push(line));
  await appendFile(path, 'rest');
  tail.close();
  expect(lines).toEqual(['rest']);
});

test('characters that are cut in two by a read stay whole', async () => {
  const path = join(directory, 'a.log');
  tail = new LogTail(path, (line) => lines.push(line));
  const bytes = Buffer.from('grüße\n');
  await appendFile(path, bytes.subarray(0, 3));
  tail.read();
  await appendFile(path, bytes.subarray(3));
  tail.read();
  expect(lines).toEqual(['grüße']);
});

/** Numbered lines, 100 bytes each. */
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${String(from + index).padStart(99)}\n`).join('');

test('starts a file anew when it is large, keeps the part before, and loses no line', async () => {
  const path = join(directory, 'a.log');
  let next = 0;
  let wrong = 0;
  tail = new LogTail(path, (line) => {
    if (Number(line) !== next) wrong += 1;
    next += 1;
  });
  for (let from = 0; from < 1_000_000; from += 10_000) {
    await appendFile(path, numbered(from, 10_000));
    tail.read();
  }
  expect({ next, wrong }).toEqual({ next: 1_000_000, wrong: 0 });
  const [now, before] = [await readFile(path), await readFile(`${path}.1`)];
  expect(now.length).toBeLessThan(33 * 1024 * 1024);
  expect(before.length).toBeGreaterThan(32 * 1024 * 1024);
  expect(Number(now.subarray(0, 100))).toBe(Number(before.subarray(-100)) + 1);
  expect(Number(now.subarray(-100))).toBe(999_999);
  expect(await readdir(directory)).toEqual(['a.log', 'a.log.1']);
});

/** Writes as fast as it can: three times what a file holds before it is started anew. */
const writer = `
import { writeSync } from 'node:fs';
const lines = ('x'.repeat(99) + '\\n').repeat(100);
for (let number = 0; number < 1_000_000; number += 100) writeSync(1, lines);
`;

async function writeMany(path: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    stdio: ['ignore', openSync(path, 'a'), 'inherit'],
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
}

test('keeps up with a file that is written to without a pause', async () => {
  const path = join(directory, 'a.log');
  let heard = 0;
  tail = new LogTail(path, () => (heard += 1));
  await writeMany(path);
  tail.read();
  // Lines that come in the instant between the last look and the new beginning are lost, as the system has no way to cut off what was read only.
  expect(heard).toBeGreaterThan(990_000);
});

test('goes on with a file that cannot be copied, and does not try with each line', async () => {
  const path = join(directory, 'a.log');
  await mkdir(`${path}.new`);
  await writeFile(join(`${path}.new`, 'kept'), '');
  let heard = 0;
  tail = new LogTail(path, () => (heard += 1));
  await writeMany(path);
  tail.read();
  expect(heard).toBe(1_000_000);
  expect((await stat(path)).size).toBe(1_000_000 * 100);
});
