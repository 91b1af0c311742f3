import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ChildProgram } from '../../../../bench/src/wire/path/child-program.js';
import { NetworkNamespace } from '../../../../bench/src/wire/path/network-namespace.js';
import { startZtunnel } from '../../../../bench/src/wire/path/ztunnel.js';
import type { TestAuthority } from '../support/test-authority.js';
import { inventoryOf, type TestMesh } from '../support/test-mesh.js';
import { IstioCa } from './istio-ca.js';

const run = promisify(execFile);

/** Nobody has these outside of measuring (RFC 2544); which, is this run's own. */
const network = `198.18.${randomInt(1, 254)}`;
/** Where the real ztunnel is, and its workload. */
export const theirs = `${network}.200`;
/** Addresses of this side of the wire; the first are taken by those who ask for one. */
export const ours = (number: number): string => `${network}.${number}`;
const ourCount = 40;

/** What a ztunnel is told by its control plane, in the form of its local configuration. */
export interface ZtunnelState {
  readonly workloads: readonly object[];
  readonly services?: readonly object[];
  readonly policies?: readonly object[];
}

/** A workload as ztunnel is told of it, its service account called like it; without an address where it is in another network. */
export function ztunnelWorkload(key: string, address: string, more: object = {}): object {
  const [namespace, name] = key.split('/');
  return {
    uid: `cluster/Pod/${key}`,
    ...{
      name,
      namespace,
      serviceAccount: name,
      trustDomain: 'cluster.local',
      workloadIps: address === '' ? [] : [address],
      protocol: 'HBONE',
    },
    services: {},
    ...more,
  };
}

/** A policy that admits one identity to a namespace. */
export function ztunnelAdmits(namespace: string, principal: string): object {
  const rules = [[[{ principals: [{ Exact: principal }] }]]];
  return { name: 'admits', namespace, scope: 'Namespace', action: 'Allow', dryRun: false, rules };
}

/** A network namespace one wire away from this process, for a real ztunnel and what is around it. */
export class OtherSide {
  private constructor(
    readonly namespace: NetworkNamespace,
    private readonly link: string,
  ) {}

  static async open(): Promise<OtherSide> {
    const namespace = await NetworkNamespace.create();
    const name = `sallyport${process.pid % 100_000}`;
    const addresses = Array.from({ length: ourCount }, (_, index) => `${ours(index + 1)}/24`);
    const far = { namespace, name: 'veth', addresses: [`${theirs}/24`] };
    await NetworkNamespace.connect({ namespace: undefined, name, addresses }, far);
    return new OtherSide(namespace, name);
  }

  async stop(): Promise<void> {
    await run('ip', ['link', 'delete', this.link]);
    await this.namespace.stop();
  }

  /** Runs a command there; what it prints, errors last. */
  async run(command: readonly string[], input = ''): Promise<string> {
    const [program = '', ...args] = [...this.namespace.entry, ...command];
    const running = run(program, args);
    running.child.stdin?.end(input);
    const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error);
    return `${stdout}${stderr}`;
  }

  /** Runs an HTTP application at the workload's address: it says what it was asked for, and sends back what was posted. */
  async serve(port: number): Promise<ChildProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-ztunnel-'));
    const program = `require('node:http').createServer((request, response) => {
      if (request.method === 'POST') request.pipe(response);
      else response.end('there: ' + request.method + ' ' + request.url);
    }).listen(${port}, '${theirs}', () => console.log('listening'))`;
    const log = { file: join(folder, 'server.log'), until: 'listening' };
    const command = [...this.namespace.entry, process.execPath, '-e', program];
    return ChildProgram.startLogging('application', log, command).finally(() => rm(folder, { recursive: true, force: true }));
  }

  /** Asks through the SOCKS listener of the real ztunnel. */
  curl(...args: readonly string[]): Promise<string> {
    return this.run(['curl', '-sS', '-m', '30', '-x', 'socks5h://127.0.0.1:15080', ...args]);
  }
}

/** A real ztunnel, with certificates of a test's authority. */
export class RealZtunnel {
  private constructor(
    private readonly log: string,
    private readonly stops: readonly (() => unknown)[],
  ) {}

  /** Starts it on the other side as a workload's, and waits until it is ready. */
  static async start(
    binary: string,
    { namespace }: OtherSide,
    authority: TestAuthority,
    workload: string,
    state: ZtunnelState,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RealZtunnel> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-ztunnel-'));
    const bundle = join(folder, 'root.pem');
    await writeFile(bundle, authority.bundle);
    const ca = await IstioCa.start(authority, ours(1));
    const stops = [() => ca.stop(), () => rm(folder, { recursive: true, force: true })];
    try {
      const program = await startZtunnel('ztunnel', {
        ...{ binary, namespace, folder, workload },
        state: yamlOf(state),
        environment: { CA_ADDRESS: ca.url, CA_ROOT_CA: bundle, ...environment },
      });
      return new RealZtunnel(join(folder, 'ztunnel.log'), [() => program.stop(), ...stops]);
    } catch (error) {
      for (const stop of stops) await stop();
      throw error;
    }
  }

  /** The first line of its log that has all of these in it, now or later. */
  async logged(...parts: readonly string[]): Promise<string> {
    for (;;) {
      const lines = (await readFile(this.log, 'utf8')).split('\n');
      const found = lines.find((line) => parts.every((part) => line.includes(part)));
      if (found !== undefined) return found;
      await delay(20);
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }
}

/** JSON is YAML, but for tags and keys that are numbers. */
function yamlOf(state: ZtunnelState): string {
  return JSON.stringify(state)
    .replaceAll(/\{"Exact":("[^"]*")\}/g, '!Exact $1')
    .replaceAll(/"(\d+)":/g, '$1: ');
}

/** Gives every workload and gateway of manifests whose address is not on the wire one that is, from this number on. */
export function placeOnWire(mesh: TestMesh, manifests: readonly string[], from = 30): void {
  let number = from;
  for (const { address } of inventoryOf(manifests).workloads.values()) {
    mesh.addresses.placeAt(address, address.startsWith(`${network}.`) ? address : ours(number++));
  }
}
