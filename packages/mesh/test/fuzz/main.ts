// Run by `npm run fuzz`, which puts this and all that it imports in one folder and names that.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.js';
import { fuzz } from './fuzz.js';
import type { FuzzTarget } from './fuzz-target.js';

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    scripts: { type: 'string' },
    corpus: { type: 'string' },
  },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!(seconds > 0) || !Number.isInteger(seed)) usage('--seconds takes a number above 0, --seed a whole number');

// Before what it counts is loaded.
const coverage = new Coverage(values.scripts ?? '');
const { targets } = await import('./targets/index.js');
const unknown = positionals.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) usage(`no target \`${unknown.join('`, `')}\`; there are: ${targets.map(({ name }) => name).join(', ')}`);
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
for (const target of chosen) await run(target);

/** The time is for each target. */
async function run(target: FuzzTarget): Promise<void> {
  const folder = join(values.corpus ?? '.', target.name);
  mkdirSync(folder, { recursive: true });
  const earlier = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  const until = performance.now() + seconds * 1000;
  coverage.fresh(true);
  const { runs, corpus, failure } = await fuzz(target, { seed, coverage, earlier, goesOn: () => performance.now() < until });
  for (const input of corpus) writeFileSync(join(folder, nameOf(input)), input);
  process.stdout.write(
    `${target.name}: ${runs} runs, ${corpus.length} inputs that lead on, ${coverage.size} blocks seen, seed ${seed}\n`,
  );
  if (failure === undefined) return;
  const error = failure.error instanceof Error ? (failure.error.stack ?? failure.error.message) : String(failure.error);
  process.stdout.write(`${target.name} FAILED\n${error}\ninput (base64): ${failure.input.toString('base64')}\n`);
  process.exitCode = 1;
}

function nameOf(input: Buffer): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}

function usage(problem: string): never {
  process.stderr.write(`${problem}\nusage: npm run fuzz -- [TARGET…] [--seconds N] [--seed N]\n`);
  process.exit(2);
}
