// Runs every check of this repository and ends in one honest line, `N passed, N failed`: each test counts as one, each other check as one.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './prepare.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'sallyport-ci-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const bin = (name) => join(root, 'node_modules', '.bin', name);

function step(title, command, args, options = {}) {
  process.stdout.write(`\n== ${title}\n`);
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  const ok = result.status === 0;
  process.stdout.write(
    `== ${title}: ${ok ? 'ok' : `FAILED (${result.error?.message ?? result.signal ?? `exit status ${result.status}`})`}, ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
  return ok;
}

function check(title, command, args, options) {
  if (step(title, command, args, options)) counts.passed += 1;
  else failed(title);
}

function failed(what) {
  counts.failed += 1;
  failures.push(what);
}

/** Runs tests with their own tally; a runner that ends without one counts as one failure. */
function tests(title, command, args, options = {}) {
  const report = join(scratch, `${counts.passed}-${counts.failed}.json`);
  const ok = step(title, command, [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], options);
  if (!existsSync(report)) return failed(`${title}: ended without a report`);
  const { numPassedTests, numFailedTests, numPendingTests, numTotalTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  counts.passed += numPassedTests;
  counts.skipped += numPendingTests;
  for (const { name, assertionResults } of testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'failed')
        failed(`${title}: ${relative(root, name)}: ${fullName}\n${failureMessages.join('\n').slice(0, 1500)}`);
    }
  }
  if (numTotalTests === 0 || (!ok && numFailedTests === 0)) failed(`${title}: ended with an error outside its tests`);
}

tests('npm test', 'npm', ['test', '--']);
// The engine that decides is proven equal to the interpreter by tests of its own; what else decides has to come to the same with either.
for (const engine of ['table-only', 'interpreter']) {
  const deciding = [
    'packages/policy/test',
    ...['cases', 'dialect-table', 'generate', 'recorded', 'roles'].map((name) => `conformance/test/${name}`),
  ];
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...deciding];
  const env = { ...process.env, SALLYPORT_ENGINE: engine };
  tests(`what decides, with the engine ${engine}`, process.execPath, args, { env });
}
check('types', 'npm', ['run', '--silent', 'typecheck']);
check('format and lint', bin('biome'), ['ci', '.']);
check('layering', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'packages', 'conformance', 'bench']);
check('dead code', bin('knip'), []);
check('generated files', process.execPath, ['scripts/errors.mjs', '--check']);

const recorded = join(root, '..', 'shared', 'recorded');
if (existsSync(recorded)) {
  for (const engine of ['table', 'table-only', 'interpreter']) {
    check(`recorded verdicts, ${engine}`, 'npm', ['run', '--silent', 'conformance', '--', '--engine', engine, recorded]);
  }
} else process.stdout.write('\n== recorded verdicts: not beside this checkout, skipped\n');

// The npm package `node` carries the runtime itself, so the newest LTS release runs beside the one that this script runs on.
const newest = join(root, '.sallyport', 'node');
if (
  step('install the newest LTS of Node.js', 'npm', ['install', '--prefix', newest, '--no-save', '--loglevel=error', 'node@26'])
) {
  const node = join(newest, 'node_modules', '.bin', 'node');
  // What computes only has been tested three times above; what a release of Node.js may change is what meets sockets, TLS, files and processes. Gates and
  // commands decide by the interpreter here: with the run above, the whole suite passes with the engine forced off.
  const meeting = [
    ...['bench', 'packages/cli', 'packages/control', 'packages/mesh', 'test/docs', 'test/install'],
    ...['engines', 'incremental', 'roles', 'seeds'].map((name) => `conformance/test/${name}`),
  ];
  const env = { ...process.env, SALLYPORT_ENGINE: 'interpreter' };
  tests('tests on the newest LTS of Node.js', node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...meeting], {
    env,
  });
} else failed('install the newest LTS of Node.js');
check('soak', process.execPath, ['scripts/soak.mjs', '--seconds', '30']);
tests('interoperability', process.execPath, ['scripts/interop.mjs']);
check('npm start -- --once', 'npm', ['start', '--silent', '--', '--once']);

rmSync(scratch, { recursive: true, force: true });
// Once more at the end, as a long log is often read by its tail.
for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
process.stdout.write(
  `\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}\n`,
);
process.exit(counts.failed === 0 ? 0 : 1);
