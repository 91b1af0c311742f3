// npm run bench [-- --json FILE]: measures, prints each figure as soon as it is there, and keeps them all in FILE.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureDecisions } from './interpreter/measure-decisions.js';
import { describeMachine } from './machine.js';
import { type Figure, formatFigure, formatMachine, type Report } from './report.js';
import { summarize } from './statistics.js';

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const startedAt = new Date();
const machine = describeMachine();
const figures: Figure[] = [];

console.log(`${formatMachine(machine)}\nmedian of samples; ± is half the distance from the 10th to the 90th percentile\n`);
console.log('decisions of the interpreter, on one core');
for (const layer of ['l4', 'l7'] as const) {
  for (const rules of [10, 100, 1000, 10_000]) {
    const title = `${layer === 'l4' ? 'ztunnel' : 'waypoint'}, ${rules} rules`;
    const summary = summarize(measureDecisions(rules, layer, 1500));
    add({ name: `interpreter/${layer}/${rules}`, title, unit: 'decisions/s', summary });
  }
}

const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000);
console.log(`\nmeasured in ${seconds} s`);
if (values.json !== undefined) {
  const report: Report = { machine, startedAt: startedAt.toISOString(), seconds, figures };
  writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

function add(figure: Figure): void {
  figures.push(figure);
  const reference = figures.find(({ name }) => name === figure.beside);
  console.log(formatFigure(figure, reference));
}
