// npm run nightly [-- DECISIONS]: compares tables with the interpreter over random meshes, a million decisions unless told otherwise.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'conformance', 'dist', 'nightly.js'), ...process.argv.slice(2)]);
