// npm run conformance -- PATH…: runs recorded cases against the engine.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'conformance', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: process.cwd() });
