// Writes the golden files of all tests anew (NAME.out.yaml from NAME.in.yaml); read the difference before you commit it.
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

process.env.UPDATE_GOLDENS = '1';
run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'goldens.test.ts']);
