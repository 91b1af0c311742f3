// npm run bench [-- --quick --json FILE --engine NAME --mix NAME --rules N]: measures decisions beside those of other engines.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: process.cwd() });
