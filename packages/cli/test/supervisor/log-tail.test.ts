import { appendFile, mkdtemp, rm } from 'node:fs/promises';
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
