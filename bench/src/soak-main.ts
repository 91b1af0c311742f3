// npm run soak [-- --seconds 600]: our gates under load while policies change every second. Ends with status 1 where a verdict was wrong or memory grew.
import { parseArgs } from 'node:util';
import { soak } from './soak/soak.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const seconds = Number(values.seconds);
if (!(seconds >= 10)) {
  process.stderr.write('--seconds takes a number from 10 on\n');
  process.exit(2);
}
const { connections, requests, changes, faults } = await soak(seconds, (line) => process.stderr.write(`${line}\n`));
console.log(`${connections} connections, ${requests} requests, ${changes} changes of policy in ${seconds} s`);
console.log(faults.length === 0 ? 'no wrong verdict, and memory is flat' : `FAILED:\n${faults.join('\n')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
