import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleExamples, type Example, matchesShown } from './console-blocks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const examples = pages.flatMap((page) => consoleExamples(page, readFileSync(join(root, page), 'utf8')));
const curl = spawnSync('curl', ['--version']).status === 0;

describe.skipIf(!curl)('the examples of the documentation (needs curl)', () => {
  let mesh: ChildProcess | undefined;

  beforeAll(async () => {
    mesh = spawn(process.execPath, [join('packages', 'cli', 'bin', 'sallyport.js'), 'up', 'examples/httpbin-ambient'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: mesh.stdout ?? process.stdin });
    for await (const line of lines) if (line.includes('in a second terminal')) break;
    mesh.stdout?.resume();
  });

  afterAll(async () => {
    if (!mesh || mesh.exitCode !== null) return;
    mesh.kill('SIGTERM');
    await once(mesh, 'exit');
  });

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(3);
  });

  it.each(examples.map((example) => [`${example.file}:${example.line} ${example.command}`, example] as const))(
    '%s',
    (_, example) => {
      expect(...run(example)).toBe(true);
    },
  );
});

function run(example: Example): [boolean, string] {
  const result = spawnSync('/bin/sh', ['-c', `${example.command} 2>&1`], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    // What npm warns about in this user's own configuration is not the page's output.
    env: { ...process.env, npm_config_loglevel: 'error', SALLYPORT_MESH: join(root, 'examples', 'httpbin-ambient') },
  });
  const shown = example.output.join('\n');
  const message = `shown:\n${shown}\nprinted (exit status ${result.status}):\n${result.stdout}`;
  if (example.output.length === 0) return [result.status === 0, message];
  return [matchesShown(example.output, result.stdout.trimEnd().split('\n')), message];
}
