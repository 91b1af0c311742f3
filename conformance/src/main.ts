import { chooseEngine, type EngineName, engines } from '@sallyport/policy';
import { measureCoverage } from './cases/coverage/measure.js';
import { holesIn, renderCoverage } from './cases/coverage/render-coverage.js';
import { chapters } from './cases/coverage/vocabulary.js';
import { interpreter as caseInterpreter } from './cases/interpreter.js';
import { caseFiles, loadCases } from './cases/load-cases.js';
import { runCases } from './cases/run-cases.js';
import { isDefect } from './differences/difference.js';
import { renderDifferences } from './differences/render-differences.js';
import { runDifferences } from './differences/run-differences.js';
import { interpreter } from './recorded/interpreter.js';
import { runRecorded } from './recorded/run-recorded.js';
import { Tally } from './recorded/tally.js';

const usage = `usage: npm run conformance -- [--engine ${Object.keys(engines).join('|')}] PATH…
       npm run conformance -- --coverage
       npm run conformance -- --differences PATH…

Runs cases against the engine that gates use, or another: recorded ones (*.json) in the dialect upstream, the project's own (*.yaml) in each dialect
that they are about. PATH is a file or a folder. Prints every disagreement, and ends in a count. With --coverage, counts how
many of the project's own queries allow and how many deny by each field, key, action and layer. With --differences, asks
recorded queries in both dialects, and groups those that differ by the row of the dialect table that they come from. Exit
status 0 if nothing failed, no word is uncovered and no difference is without a row, 1 otherwise, 2 for wrong usage.`;

function main(given: readonly string[]): number {
  const paths = given[0] === '--engine' ? given.slice(2) : given;
  if (paths !== given && !chosen(given[1])) return wrongUsage();
  if (paths.length === 1 && paths[0] === '--coverage') return printCoverage();
  if (paths[0] === '--differences' && paths.length > 1) return printDifferences(paths.slice(1));
  if (paths.length === 0 || paths.some((path) => path.startsWith('-'))) return wrongUsage();
  const tally = new Tally();
  for (const path of paths) runPath(path, tally);
  for (const { where, lines } of tally.disagreements) console.log([where, ...lines].join('\n  '));
  for (const [reason, count] of tally.skipped) console.log(`skipped ${count}: ${reason}`);
  console.log(tally.summary);
  return tally.disagreements.length === 0 ? 0 : 1;
}

function chosen(engine: string | undefined): boolean {
  if (engine === undefined || !Object.hasOwn(engines, engine)) return false;
  chooseEngine(engine as EngineName);
  return true;
}

function wrongUsage(): number {
  console.error(usage);
  return 2;
}

function printCoverage(): number {
  const coverage = measureCoverage(caseInterpreter, loadCases());
  console.log(renderCoverage(coverage, chapters));
  const holes = holesIn(coverage, chapters);
  console.log(`\n${holes.length === 0 ? 'no holes' : holes.join('\n')}`);
  return holes.length === 0 ? 0 : 1;
}

/** A difference without a row that says so fails, as does what cannot be compared. */
function printDifferences(paths: readonly string[]): number {
  const differences = runDifferences(paths);
  process.stdout.write(renderDifferences(differences));
  return differences.problems.length === 0 && !differences.found.some(isDefect) ? 0 : 1;
}

function runPath(path: string, tally: Tally): void {
  if (!holdsCases(path)) {
    runRecorded(interpreter, [path], tally);
    return;
  }
  try {
    runCases(caseInterpreter, loadCases(path), tally);
  } catch (error) {
    tally.judge(path, [`cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** What cannot be read is left to the runner of recorded cases, which says so. */
function holdsCases(path: string): boolean {
  try {
    return caseFiles(path).length > 0;
  } catch {
    return false;
  }
}

process.exitCode = main(process.argv.slice(2));
