import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertNamespaceCalls } from '@sallyport/mesh';
import { CommandFailure } from '../exit-status.js';
import { toolPath } from './run-tool.js';

/** What is run, with the Debian package that has it. */
const tools = {
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  setsid: 'util-linux',
  mount: 'mount',
  getent: 'libc-bin',
} as const;

/** Numbers of capabilities. */
const capabilities = { CAP_KILL: 5, CAP_SETGID: 6, CAP_SETUID: 7, CAP_SETPCAP: 8, CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

/** Throws `CommandFailure` where this machine, or this user on it, cannot isolate a mesh, with all that is missing and how to go on without. */
export function requireIsolation(folder: string): void {
  const missing = missingForIsolation();
  if (missing.length === 0) return;
  throw new CommandFailure(`--isolate is not possible here: ${missing.join('; ')}`, {
    hint: `without it, \`sallyport up ${folder}\` starts the same mesh with the same gates, but other processes of this machine can reach its applications`,
  });
}

/** What is missing, in words. */
function missingForIsolation(): string[] {
  if (process.platform !== 'linux') return ['network namespaces are a part of Linux'];
  const missing: string[] = [];
  if (process.geteuid?.() !== 0) missing.push('it takes root (run it with sudo)');
  else {
    const absent = absentCapabilities();
    if (absent.length > 0) missing.push(`root lacks ${absent.join(', ')} here (a container without privileges?)`);
  }
  const absent = Object.entries(tools).filter(([tool]) => !isInstalled(tool));
  if (absent.length > 0) {
    const packages = new Set(absent.map(([, name]) => name));
    missing.push(`no ${absent.map(([tool]) => `\`${tool}\``).join(', ')} here (Debian: ${[...packages].join(', ')})`);
  }
  try {
    assertNamespaceCalls();
  } catch {
    missing.push('the optional npm package `koffi` is not installed, or has no build for this system');
  }
  return missing;
}

function absentCapabilities(): string[] {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const held = BigInt(`0x${line?.[1] ?? '0'}`);
  return Object.entries(capabilities).flatMap(([name, bit]) => (((held >> BigInt(bit)) & 1n) === 1n ? [] : [name]));
}

function isInstalled(tool: string): boolean {
  return toolPath.split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
