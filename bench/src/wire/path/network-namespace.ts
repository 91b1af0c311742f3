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

/** One end of a pair of interfaces. */
interface LinkEnd {
  readonly namespace: NetworkNamespace;
  readonly address: string;
}

/**
 * A network namespace without a name: nothing of it is left behind, however this process ends, as a process inside holds it, which
 * ends with its standard input.
 */
export class NetworkNamespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

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

  /** Connects two by a pair of interfaces called `veth`, each with an address (`ADDRESS/LENGTH`). */
  static async connect(one: LinkEnd, other: LinkEnd): Promise<void> {
    const peer = ['peer', 'name', 'veth', 'mtu', mtu, 'netns', String(other.namespace.#holder.pid)];
    await one.namespace.#run('ip', 'link', 'add', 'veth', 'mtu', mtu, 'type', 'veth', ...peer);
    for (const { namespace, address } of [one, other]) {
      await namespace.#run('ip', 'address', 'add', address, 'dev', 'veth');
      await namespace.#run('ip', 'link', 'set', 'veth', 'up');
    }
  }

  /** What a command is run by, to run in here. */
  get entry(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#holder.pid}/ns/net`, '--'];
  }

  async stop(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await ended;
  }

  async #run(...command: readonly string[]): Promise<void> {
    const [program = '', ...args] = [...this.entry, ...command];
    await run(program, args);
  }
}
