// npm run bench:mesh [-- --envoy PATH --ztunnel PATH --quick --json FILE]: measures our gates beside Envoy, which this script installs unless a
// path is given, and beside a real ztunnel where one is.
import { join } from 'node:path';
import { installEnvoy } from './envoy.mjs';
import { prepare, root, run } from './prepare.mjs';

const given = process.argv.slice(2);
prepare();
const envoy = given.some((each) => each === '--envoy' || each.startsWith('--envoy='))
  ? []
  : ['--envoy', installEnvoy('give the path of a binary with --envoy')];
run(process.execPath, [join(root, 'bench', 'dist', 'mesh-main.js'), ...envoy, ...given], { cwd: process.cwd() });
