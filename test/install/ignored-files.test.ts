import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const made = /(^|\/)(node_modules|dist|\.sallyport)\/|\.tsbuildinfo$/;

function ignored(): string[] | undefined {
  const { status, stdout } = spawnSync(
    'git',
    ['ls-files', '--others', '--ignored', '--exclude-standard', '*.ts', '*.mjs', '*.json', '*.yaml'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  );
  return status === 0 ? stdout.split('\n').filter((file) => file !== '' && !made.test(file)) : undefined;
}

const files = ignored();

// A source file that git passes over works here and is missing from every clone.
test.skipIf(files === undefined)('git ignores nothing but what is installed and built (skipped outside of a clone)', () => {
  expect(files).toEqual([]);
});
