import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockMesh } from '../../src/state/mesh-lock.js';
import { identifyProcess } from '../../src/state/process-identity.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a lock that is held names its holder', async () => {
  const lock = await lockMesh(directory);
  expect('release' in lock).toBe(true);
  expect(await lockMesh(directory)).toEqual(identifyProcess(process.pid));
  if ('release' in lock) await lock.release();
  expect('release' in (await lockMesh(directory))).toBe(true);
});

test.each(['{"pid":1,"started":"never"}', 'torn', ''])('a lock whose holder does not run is taken over: %s', async (text) => {
  await writeFile(join(directory, 'supervisor.lock'), text);
  expect('release' in (await lockMesh(directory))).toBe(true);
});
