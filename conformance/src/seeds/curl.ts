import { spawnSync } from 'node:child_process';
import type { Inventory } from '@sallyport/policy';
import { finish, type MeshProcess, type MeshReport } from '../mesh-process.js';
import type { ShellAnswer, WorkloadShell } from '../workload-shell.js';
import type { CurlResult, SeedRequest } from './scenario.js';
import { targetUrl } from './target-url.js';
import { workloadNamed } from './workload-named.js';

/** Whether there is a curl that can be run. */
export function hasCurl(): boolean {
  return spawnSync('curl', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Sends requests with curl: as workloads of a mesh, or from outside it to a gateway or, in plaintext, to a pod. */
export class Curl {
  readonly #mesh: MeshProcess;
  readonly #shells = new Map<string, WorkloadShell>();

  constructor(mesh: MeshProcess) {
    this.#mesh = mesh;
  }

  /** Sends one request, and says how curl ended. */
  async send(inventory: Inventory, request: SeedRequest): Promise<CurlResult> {
    const args = curlArguments(request, targetUrl(inventory, request));
    if (request.from !== undefined) return resultOf(request, await this.#shell(request.from).run(['curl', ...args]));
    const address = outsideAddress(this.#mesh.report, inventory, request);
    return resultOf(request, await finish('curl', ['--noproxy', '*', '--connect-to', `::${address}:`, ...args]));
  }

  /** Ends the shells of all workloads. */
  async close(): Promise<void> {
    await Promise.all([...this.#shells.values()].map((shell) => shell.close()));
  }

  #shell(workload: string): WorkloadShell {
    const shell = this.#shells.get(workload) ?? this.#mesh.shell(workload);
    this.#shells.set(workload, shell);
    return shell;
  }
}

/** What follows `curl` on the command line; the response's status ends up on standard output. */
function curlArguments(request: SeedRequest, url: string): string[] {
  const method = request.method === undefined ? [] : ['--request', request.method];
  return ['--silent', '--show-error', '--max-time', '20', '--output', '/dev/null', '--write-out', '%{http_code}', ...method, url];
}

/** Where somebody outside the mesh finds the gateway or the pod. */
function outsideAddress({ gates, workloads }: MeshReport, inventory: Inventory, { via, pod }: SeedRequest): string {
  const address =
    via === undefined
      ? workloads.find(({ key }) => key === workloadNamed(inventory, pod ?? '').key)?.address
      : gates.find(({ name }) => name === `gateway ${via}`)?.address;
  if (address === undefined) throw new Error(`the mesh does not say where ${via ?? pod} is`);
  return address;
}

function resultOf({ url }: SeedRequest, { status, stdout }: ShellAnswer): CurlResult {
  return url.startsWith('http:') ? { exitStatus: status, httpStatus: Number(stdout) } : { exitStatus: status };
}
