import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDecisionFile } from '../../src/gate-process/decision-file.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-decisions-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a file ends at its size, one old one is kept, and whoever shares it goes on in the new one', async () => {
  const path = join(directory, 'gate.decisions.jsonl');
  const [one, other] = [openDecisionFile({ file: path, which: 'all' }, 100), openDecisionFile({ file: path, which: 'all' }, 100)];
  for (let n = 0; n < 9; n += 1) {
    for (const [name, file] of Object.entries({ one, other })) {
      file.write(JSON.stringify({ name, n, filling: 'x'.repeat(20) }));
      await file.flush();
    }
  }
  const [now, before] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.1`, 'utf8')]);
  const lines = `${before}${now}`.trim().split('\n');
  // No line is torn or lost between the two, and they are the last ones of both writers, in their order.
  const parsed = lines.map((line) => JSON.parse(line) as { name: string; n: number });
  const all = Array.from({ length: 9 }, (_, n) => [`one ${n}`, `other ${n}`]).flat();
  expect(parsed.map(({ name, n }) => `${name} ${n}`)).toEqual(all.slice(-parsed.length));
  expect(before.length).toBeLessThan(200);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a folder that is not there loses lines, which are counted once it is, and nothing else', async () => {
  const path = join(directory, 'missing', 'gate.decisions.jsonl');
  const file = openDecisionFile({ file: path, which: 'notable' });
  expect(file.all).toBe(false);
  file.write('{}');
  file.write('{}');
  await file.flush();
  await mkdir(join(directory, 'missing'));
  file.write('{"n":3}');
  await file.flush();
  expect(await readFile(path, 'utf8')).toBe('{"dropped":2}\n{"n":3}\n');
});
