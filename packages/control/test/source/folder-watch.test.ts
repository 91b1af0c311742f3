import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderSource, type FolderWatch, type Reading } from '../../src/index.js';

let folder: string;
let watch: FolderWatch | undefined;
let seen: Reading[];
let wake: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-watch-'));
  await writeFile(join(folder, 'a.yaml'), 'one');
  seen = [];
  wake = () => undefined;
});
afterEach(async () => {
  watch?.close();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const source = new FolderSource([folder]);
  watch = source.watch(await source.read(), (reading) => {
    seen.push(reading);
    wake();
  });
}

/** Resolves when a reading satisfies `condition`. */
async function until(condition: (texts: Readonly<Record<string, string>>) => boolean): Promise<void> {
  for (;;) {
    const last = seen.at(-1);
    if (last !== undefined && condition(texts(last))) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, 500).unref();
    });
  }
}

function texts(reading: Reading): Record<string, string> {
  return Object.fromEntries(reading.files.map((file) => [file.path.slice(folder.length + 1), file.text]));
}

test('a saved change is seen', async () => {
  await start();
  for (const text of ['two', 'three', 'four']) {
    await writeFile(join(folder, 'a.yaml'), text);
    await until((files) => files['a.yaml'] === text);
  }
});

test('an editor that saves by renaming is seen every time', async () => {
  await start();
  for (const text of ['two', 'three', 'four']) {
    await writeFile(join(folder, '.a.yaml.swp'), text);
    await rename(join(folder, '.a.yaml.swp'), join(folder, 'a.yaml'));
    await until((files) => files['a.yaml'] === text);
  }
});

test('a file in a folder that came later is seen, and so is its going', async () => {
  await start();
  await mkdir(join(folder, 'sub', 'deep'), { recursive: true });
  await writeFile(join(folder, 'sub', 'deep', 'b.yaml'), 'b');
  await until((files) => files['sub/deep/b.yaml'] === 'b');
  await rm(join(folder, 'sub'), { recursive: true });
  await until((files) => Object.keys(files).length === 1);
});

test('a change behind a symbolic link is seen', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'sallyport-linked-'));
  try {
    await writeFile(join(elsewhere, 'target'), 'one');
    await symlink(join(elsewhere, 'target'), join(folder, 'b.yaml'));
    await start();
    await writeFile(join(elsewhere, 'target'), 'two');
    await until((files) => files['b.yaml'] === 'two');
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

test('a save that truncates first and writes later is one change', async () => {
  await start();
  const file = await open(join(folder, 'a.yaml'), 'w');
  await new Promise((resolve) => setTimeout(resolve, 150));
  await file.writeFile('two');
  await file.close();
  await until((files) => files['a.yaml'] === 'two');
  expect(seen.map(texts)).toEqual([{ 'a.yaml': 'two' }]);
});

test('saving the same text again is no change', async () => {
  await start();
  await writeFile(join(folder, 'a.yaml'), 'one');
  await writeFile(join(folder, 'b.yaml'), 'b');
  await until((files) => files['b.yaml'] === 'b');
  expect(seen).toHaveLength(1);
});

test('a folder that is gone is a reading with a diagnostic, and its return is seen', async () => {
  await start();
  await rename(folder, `${folder}-away`);
  await until((files) => Object.keys(files).length === 0);
  expect(seen.at(-1)?.diagnostics).toHaveLength(1);
  await rename(`${folder}-away`, folder);
  await until((files) => files['a.yaml'] === 'one');
});
