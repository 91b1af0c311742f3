// npm run bench:mesh [-- --envoy PATH --ztunnel PATH --otlp --quick --json FILE]: measures our gates beside Envoy, which this script installs unless a
// path is given, beside a real ztunnel where one is, and with traces.
import { join } from 'node:path';
import { installEnvoy } from './envoy.mjs';
import { prepare, root, run } from './prepare.mjs';

const given = process.argv.slice(2);
prepare();
const envoy = given.some((each) => each === '--envoy' || each.startsWith('--envoy='))
  ? []
  : ['--envoy', installEnvoy('give the path of a binary with --envoy')];
run(process.execPath, [join(root, 'bench', 'dist', 'mesh-main.js'), ...envoy, ...given], { cwd: process.cwd() });
