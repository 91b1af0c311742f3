import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamespacePlan } from './namespace-plan.js';

/** Writes the files that a workload sees instead of this machine's: its resolver, its names, and that names are asked of DNS alone. */
export async function writeReplacedFiles(folder: string, { addresses, search, host }: NamespacePlan): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const hosts = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    ...addresses.map((each) => `${each} ${host}`),
  ];
  const contents = {
    'resolv.conf': `nameserver 127.0.0.1\nsearch ${search.join(' ')}\noptions ndots:5\n`,
    hosts: `${hosts.join('\n')}\n`,
    'nsswitch.conf': await nameServices(),
  };
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content, { mode: 0o644 });
}

/** This machine's, but for hosts: whatever else answers there (such as systemd-resolved) does so from outside the namespace. */
async function nameServices(): Promise<string> {
  const own = await readFile('/etc/nsswitch.conf', 'utf8').catch(() => '');
  return [...own.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line)), 'hosts: files dns', ''].join('\n');
}
