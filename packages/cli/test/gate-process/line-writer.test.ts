import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineWriter } from '../../src/gate-process/line-writer.js';

test('lines are written in their order, and all of them before flush is over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-lines-'));
  const fd = openSync(join(directory, 'log'), 'a');
  const writer = LineWriter.to(fd);
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}`);
  for (const line of lines.slice(0, 2500)) writer.write(line);
  await new Promise((resolve) => setImmediate(resolve));
  for (const line of lines.slice(2500)) writer.write(line);
  await writer.flush();
  closeSync(fd);
  expect(await readFile(join(directory, 'log'), 'utf8')).toBe(`${lines.join('\n')}\n`);
  await rm(directory, { recursive: true });
});

test.skipIf(!existsSync('/dev/full'))('a full disk loses lines and nothing else', async () => {
  const fd = openSync('/dev/full', 'a');
  const writer = LineWriter.to(fd);
  writer.write('lost');
  await expect(writer.flush()).resolves.toBeUndefined();
  closeSync(fd);
});
