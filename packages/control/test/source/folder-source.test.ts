import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLimits, FolderSource } from '../../src/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, text = `# ${path}\n`): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function names(paths: readonly string[] = [folder]): Promise<string[]> {
  const reading = await new FolderSource(paths).read();
  expect(reading.diagnostics).toEqual([]);
  return reading.files.map((file) => relative(folder, file.path));
}

describe('what is read', () => {
  test('manifests by their names, recursively, in the order of their paths', async () => {
    for (const path of ['b.yml', 'a.yaml', 'sub/deep/c.json', 'sub-1.yaml', 'notes.txt', 'Makefile']) await put(path);
    expect(await names()).toEqual(['a.yaml', 'b.yml', 'sub-1.yaml', 'sub/deep/c.json']);
  });

  test('nothing hidden and nothing in node_modules', async () => {
    for (const path of ['.git/x.yaml', '.hidden.yaml', 'node_modules/p/x.yaml', 'sub/node_modules/x.json', 'a.yaml'])
      await put(path);
    expect(await names()).toEqual(['a.yaml']);
  });

  test('a file that is named itself, whatever its name, and each file once', async () => {
    await put('policy.txt');
    await put('a.yaml');
    expect(await names([join(folder, 'policy.txt'), folder, join(folder, 'a.yaml')])).toEqual(['policy.txt', 'a.yaml']);
  });

  test('what a symbolic link leads to', async () => {
    await put('real/a.yaml');
    await symlink(join(folder, 'real'), join(folder, 'linked'));
    await symlink(join(folder, 'real', 'a.yaml'), join(folder, 'b.yaml'));
    expect(await names()).toEqual(['b.yaml', 'linked/a.yaml', 'real/a.yaml']);
  });

  test('standard input as the file `-`', async () => {
    const source = new FolderSource(['-'], { standardInput: async () => Buffer.from('kind: Pod\n') });
    expect((await source.read()).files).toEqual([{ path: '-', text: 'kind: Pod\n' }]);
  });

  test('standard input that is not UTF-8 is refused, as a file is', async () => {
    const source = new FolderSource(['-'], { standardInput: async () => Buffer.from([0x6b, 0xff]) });
    expect(await source.read()).toMatchObject({
      files: [],
      diagnostics: [{ code: 'unreadable-file', message: '`-` is not UTF-8 text' }],
    });
  });

  test('paths stay as they were typed', async () => {
    await put('a.yaml');
    const typed = relative(process.cwd(), folder);
    const reading = await new FolderSource([`${typed}/`]).read();
    expect(reading.files.map((file) => file.path)).toEqual([join(typed, 'a.yaml')]);
  });
});

describe('what cannot be read is a diagnostic with a place', () => {
  async function problems(paths: readonly string[] = [folder], limits = defaultLimits): Promise<string[]> {
    const reading = await new FolderSource(paths, { limits }).read();
    for (const one of reading.diagnostics)
      expect(one).toMatchObject({ code: 'unreadable-file', kind: 'invalid', severity: 'error' });
    return reading.diagnostics.map((one) => `${relative(folder, one.span.file)}: ${one.message.replaceAll(`${folder}/`, '')}`);
  }

  test('a folder that does not exist', async () => {
    expect(await problems([join(folder, 'nowhere')])).toEqual(['nowhere: `nowhere` does not exist']);
  });

  test('links that lead back', async () => {
    await put('sub/a.yaml');
    await symlink(folder, join(folder, 'sub', 'up'));
    await symlink('self.yaml', join(folder, 'self.yaml'));
    expect(await problems()).toEqual([
      'self.yaml: `self.yaml` is a symbolic link that leads back to itself',
      'sub/up: `sub/up` is a symbolic link to a folder that holds it',
    ]);
  });

  test('a manifest that is a dangling link, but not a stray link of another name', async () => {
    await symlink('gone', join(folder, 'a.yaml'));
    await symlink('gone', join(folder, 'b'));
    expect(await problems()).toEqual(['a.yaml: `a.yaml` does not exist']);
  });

  test('a pipe, which would be waited for without end', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    expect(await problems()).toEqual(['pipe.yaml: `pipe.yaml` is not a regular file']);
  });

  test('text that is not UTF-8', async () => {
    await writeFile(join(folder, 'a.yaml'), Buffer.from([0x61, 0xff, 0x62]));
    expect(await problems()).toEqual(['a.yaml: `a.yaml` is not UTF-8 text']);
  });

  test('more than the limits', async () => {
    for (const name of ['a', 'b', 'c']) await put(`${name}.yaml`, 'x'.repeat(10));
    expect(await problems([folder], { ...defaultLimits, fileBytes: 9 })).toHaveLength(3);
    expect(await problems([folder], { ...defaultLimits, totalBytes: 25 })).toEqual([
      'c.yaml: the manifests hold more than 25 bytes',
    ]);
    expect(await problems([folder], { ...defaultLimits, files: 2 })).toEqual(['c.yaml: there are more than 2 manifests']);
    await put('x/y/z/d.yaml');
    expect(await problems([folder], { ...defaultLimits, depth: 3 })).toEqual([
      'x/y/z: folders are nested deeper than 3 at `x/y/z`',
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission', async () => {
    await put('a.yaml');
    execFileSync('chmod', ['000', join(folder, 'a.yaml')]);
    expect(await problems()).toEqual(['a.yaml: `a.yaml` may not be read by this user']);
  });
});

test('the digest follows texts and paths, not times', async () => {
  await put('a.yaml', 'one');
  const source = new FolderSource([folder]);
  const first = await source.read();
  await put('a.yaml', 'one');
  expect((await source.read()).digest).toBe(first.digest);
  await put('a.yaml', 'two');
  expect((await source.read()).digest).not.toBe(first.digest);
});

describe('what is read again', () => {
  test('a text that is the same is the same object, and one that changed is another', async () => {
    await put('a.yaml', 'a: 1\n');
    await put('b.yaml', 'b: 1\n');
    const source = new FolderSource([folder]);
    const first = await source.read();
    await put('b.yaml', 'b: 2\n');
    const second = await source.read();
    expect(second.files[0]).toBe(first.files[0]);
    expect(second.files[1]?.text).toBe('b: 2\n');
    expect(second.digest).not.toBe(first.digest);
    await put('b.yaml', 'b: 1\n');
    expect((await source.read()).digest).toBe(first.digest);
  });

  test('a change that left size and time of writing as they were', async () => {
    await put('a.yaml', 'a: 1\n');
    const long = new Date('2020-01-01T00:00:00Z');
    await utimes(join(folder, 'a.yaml'), long, long);
    const source = new FolderSource([folder]);
    await source.read();
    await put('a.yaml', 'a: 2\n');
    await utimes(join(folder, 'a.yaml'), long, long);
    expect((await source.read()).files[0]?.text).toBe('a: 2\n');
  });

  test('a file that went and came back', async () => {
    await put('a.yaml', 'a: 1\n');
    const source = new FolderSource([folder]);
    await source.read();
    await rm(join(folder, 'a.yaml'));
    expect((await source.read()).files).toEqual([]);
    await put('a.yaml', 'a: 2\n');
    expect((await source.read()).files[0]?.text).toBe('a: 2\n');
  });
});
