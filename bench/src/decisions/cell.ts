// The program of one cell: the task as JSON in the argument, the result as JSON on standard output.
import { type CellTask, measureCell } from './measure-cell.js';

const task: CellTask = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify(await measureCell(task)));
