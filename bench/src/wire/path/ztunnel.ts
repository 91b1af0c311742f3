import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ChildProgram } from './child-program.js';
import { type NetworkNamespace, whyNoNamespaces } from './network-namespace.js';

/** A ztunnel of Istio's, built with the feature `testing`, which lets it run without a cluster. */
export interface Ztunnel {
  readonly binary: string;
  readonly version: string;
}

/** One workload's ztunnel, in a network namespace of its own, as it listens on ports of its own choice at every address. */
export interface ZtunnelOptions {
  readonly binary: string;
  readonly namespace: NetworkNamespace;
  /** Where its configuration and its log go. */
  readonly folder: string;
  /** Workload and service account, which are called the same: `NAMESPACE/NAME`. */
  readonly workload: string;
  /** What a control plane would say, in the YAML of ztunnel's local configuration. */
  readonly state: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Looks whether this is a ztunnel, and whether it could run here; throws in one line where not. */
export function findZtunnel(path: string): Ztunnel {
  const binary = resolve(path);
  const { error, status, stdout } = spawnSync(binary, ['version'], { encoding: 'utf8' });
  const version = /GitRevision:"([^"]*)"/.exec(stdout ?? '')?.[1];
  if (error !== undefined || status !== 0 || version === undefined) {
    throw new Error(`\`${path}\` is no ztunnel that runs here; give the path of one built with the feature \`testing\``);
  }
  const problem = whyNoNamespaces();
  if (problem !== undefined) throw new Error(`a real ztunnel needs a network namespace of its own, and ${problem}`);
  return { binary, version };
}

/** Starts one, and waits until it is ready. What it logs is in `FOLDER/NAME.log`. */
export async function startZtunnel(name: string, options: ZtunnelOptions): Promise<ChildProgram> {
  const { binary, namespace, folder, workload, state, environment } = options;
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, state, { mode: 0o600 });
  const account = workload.split('/').at(-1) ?? '';
  const variables = {
    XDS_ADDRESS: '',
    LOCAL_XDS_PATH: file,
    PROXY_MODE: 'dedicated',
    PROXY_WORKLOAD_INFO: `${workload}/${account}`,
    UNSTABLE_ENABLE_SOCKS5: 'true',
    IPV6_ENABLED: 'false',
    // As a client's address is nobody's in this namespace, the application is dialled from the workload's own.
    ENABLE_ORIG_SRC: 'false',
    ...environment,
  };
  const set = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const command = [...namespace.entry, 'env', ...set, binary];
  return ChildProgram.startLogging(name, { file: join(folder, `${name}.log`), until: 'marking server ready' }, command);
}
