// npm run bench [-- --json FILE]: measures the interpreter and the gates, each beside something else in the same run.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: process.cwd() });
