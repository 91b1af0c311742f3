import { spawnSync } from 'node:child_process';
import type { Inventory } from '@sallyport/policy';
import { type Finished, finish, type MeshProcess, type MeshReport } from '../mesh-process.js';
import type { CurlResult, SeedRequest } from './scenario.js';
import { targetUrl } from './target-url.js';
import { workloadNamed } from './workload-named.js';

/** Whether there is a curl that can be run. */
export function hasCurl(): boolean {
  return spawnSync('curl', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Sends a request with curl: as a workload of the mesh, or from outside it to a gateway or, in plaintext, to a pod. */
export async function curl(mesh: MeshProcess, inventory: Inventory, request: SeedRequest): Promise<CurlResult> {
  const args = curlArguments(request, targetUrl(inventory, request));
  if (request.from !== undefined) return resultOf(request, await mesh.exec(request.from, ['curl', ...args]));
  const address = outsideAddress(mesh.report, inventory, request);
  return resultOf(request, await finish('curl', ['--noproxy', '*', '--connect-to', `::${address}:`, ...args]));
}

/** What follows `curl` on the command line; the response's status ends up on standard output. */
export function curlArguments(request: SeedRequest, url: string): string[] {
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

function resultOf(request: SeedRequest, { status, stdout, stderr }: Finished): CurlResult {
  if (stderr.startsWith('sallyport:')) throw new Error(stderr);
  return request.url.startsWith('http:') ? { exitStatus: status, httpStatus: Number(stdout) } : { exitStatus: status };
}
