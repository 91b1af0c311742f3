import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from '../../src/index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a kept root is used again', async () => {
  const first = await openAuthority(directory, 'mesh');
  const second = await openAuthority(directory, 'mesh');
  expect(second.bundle).toBe(first.bundle);
});

test('the key is readable by its owner alone', async () => {
  await openAuthority(join(directory, 'ca'), 'mesh');
  expect((await stat(join(directory, 'ca', 'root-key.pem'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'ca'))).mode & 0o777).toBe(0o700);
});

test('a root that cannot be opened is replaced', async () => {
  const first = await openAuthority(directory, 'mesh');
  await writeFile(join(directory, 'root-key.pem'), 'not a key');
  const second = await openAuthority(directory, 'mesh');
  expect(second.bundle).not.toBe(first.bundle);
  expect((await openAuthority(directory, 'mesh')).bundle).toBe(second.bundle);
});

test('a root that has run out is replaced', async () => {
  const first = await openAuthority(directory, 'mesh', { now: () => new Date('2001-01-01T00:00:00Z') });
  const second = await openAuthority(directory, 'mesh');
  expect(second.bundle).not.toBe(first.bundle);
});
