// npm run soak [-- --seconds 600]: load through two ztunnels and a waypoint while policies change every second.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'bench', 'dist', 'soak-main.js'), ...process.argv.slice(2)]);
