// npm run bench [-- --quick] [--json FILE] [--engine NAME…] [--mix NAME…] [--rules N…]: decisions of our engines beside those of others.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from './decisions/engines/engine.js';
import { limits } from './decisions/engines/index.js';
import { measureTable } from './decisions/measure-table.js';
import { mixes } from './decisions/mixes/index.js';
import { printReading } from './decisions/print-reading.js';
import { formatRatios } from './decisions/ratios.js';
import { formatHead } from './decisions/row.js';
import { printEdits } from './edits/print-edits.js';
import { printGrowth } from './growth/print-growth.js';
import { describeMachine } from './machine.js';
import { formatMachine } from './report.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    engine: { type: 'string', multiple: true },
    mix: { type: 'string', multiple: true },
    rules: { type: 'string', multiple: true },
  },
});
const began = Date.now();
const machine = formatMachine(describeMachine());
const print = (line: string): void => console.log(line);
const engines = chosen<EngineName>('engine', values.engine, engineNames);
const mixNames = mixes.map(({ name }) => name);
const chosenMixes = chosen('mix', values.mix, mixNames);
const sizes = values.quick ? ['10', '1000'] : ['10', '100', '1000', '10000', '100000'];

print(`${machine}\n`);
print(`${formatHead()}\n`);
const rows = await measureTable(
  {
    engines,
    mixes: chosenMixes,
    rules: (values.rules ?? sizes).map(Number),
    milliseconds: values.quick ? 60 : 250,
  },
  print,
);
print('* of fewer than 200 decisions, as more would take too long: the slowest of them or nearly so\n');
for (const line of formatRatios(rows)) print(line);
if (values.rules === undefined) await printGrowth({ engines, mixes: chosenMixes, quick: values.quick }, print);
if (engines.includes('table')) printReading(print);
if (values.engine === undefined && values.mix === undefined && values.rules === undefined)
  await printEdits(values.quick ? 1000 : 10_000, print);
print('\nwhat the others cannot say, or say in another way:');
for (const [name, sentences] of Object.entries(limits)) for (const sentence of sentences) print(`  ${name}: ${sentence}`);
print(`\nmeasured in ${Math.round((Date.now() - began) / 1000)} s`);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine, node: process.version, rows }, null, 2)}\n`);

function chosen<Name extends string>(
  option: string,
  wanted: readonly string[] | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (wanted === undefined) return known;
  return wanted.map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw new Error(`--${option} \`${name}\`: one of ${known.join(', ')}`);
    return found;
  });
}
