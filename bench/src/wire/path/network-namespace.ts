import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** That of loopback, where every other path has all of its hops. */
const mtu = '65535';

/** Why no network namespace can be made here, in one line; undefined where one can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only';
  const { error, status, stderr } = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  if (error !== undefined) return 'network namespaces take the command `unshare` (package util-linux)';
  if (status !== 0) return `network namespaces take root with all its privileges (${stderr.trim()})`;
  return spawnSync('ip', ['-Version']).error === undefined
    ? undefined
    : 'network namespaces take the command `ip` (package iproute2)';
}

/** One end of a pair of interfaces: what it is called where it is, and its addresses (`ADDRESS/LENGTH`). */
interface LinkEnd {
  /** Undefined: the one that this process is in. */
  readonly namespace: NetworkNamespace | undefined;
  readonly name: string;
  readonly addresses: readonly string[];
}

/**
 * A network namespace without a name: nothing of it is left behind, however this process ends, as a process inside holds it, which
 * ends with its standard input.
 */
export class NetworkNamespace {
  private constructor(private readonly holder: ChildProcess) {}

  /** Makes one in which nothing but loopback is up. */
  static async create(): Promise<NetworkNamespace> {
    const holder = spawn('unshare', ['--net', '/bin/sh', '-c', 'ip link set lo up && echo up && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit').then(() => Promise.reject(new Error('a network namespace could not be made')));
    await Promise.race([once(holder.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return new NetworkNamespace(holder);
  }

  /** Connects two by a pair of interfaces, which is gone with either. */
  static async connect(one: LinkEnd, other: LinkEnd): Promise<void> {
    const peer = ['peer', 'name', other.name, 'mtu', mtu, 'netns', String(other.namespace?.holder.pid ?? process.pid)];
    await runIn(one.namespace, 'ip', 'link', 'add', one.name, 'mtu', mtu, 'type', 'veth', ...peer);
    for (const { namespace, name, addresses } of [one, other]) {
      for (const address of addresses) await runIn(namespace, 'ip', 'address', 'add', address, 'dev', name);
      await runIn(namespace, 'ip', 'link', 'set', name, 'up');
    }
  }

  /** What a command is run by, to run in here. */
  get entry(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.holder.pid}/ns/net`, '--'];
  }

  async stop(): Promise<void> {
    if (this.holder.exitCode !== null || this.holder.signalCode !== null) return;
    const ended = once(this.holder, 'exit');
    this.holder.stdin?.end();
    await ended;
  }
}

async function runIn(namespace: NetworkNamespace | undefined, ...command: readonly string[]): Promise<void> {
  const [program = '', ...args] = [...(namespace?.entry ?? []), ...command];
  await run(program, args);
}
