import { interpreter } from './recorded/interpreter.js';
import { runRecorded } from './recorded/run-recorded.js';
import { Tally } from './recorded/tally.js';

const usage = `usage: npm run conformance -- PATH…

Runs recorded cases (files, or folders of *.json) against the interpreter in the dialect upstream, prints every
disagreement, and ends in a count. Exit status 0 if nothing failed, 1 if anything did, 2 for wrong usage.`;

function main(paths: readonly string[]): number {
  if (paths.length === 0 || paths.some((path) => path.startsWith('-'))) {
    console.error(usage);
    return 2;
  }
  const tally = new Tally();
  runRecorded(interpreter, paths, tally);
  for (const { where, lines } of tally.disagreements) console.log([where, ...lines].join('\n  '));
  for (const [reason, count] of tally.skipped) console.log(`skipped ${count}: ${reason}`);
  console.log(tally.summary);
  return tally.disagreements.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
