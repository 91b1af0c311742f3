import type { Inventory } from '@sallyport/policy';
import type { SeedRequest } from './scenario.js';
import { workloadNamed } from './workload-named.js';

/** The URL of a request, with the pod's own policy address as host where the request dials a pod. */
export function targetUrl(inventory: Inventory, request: SeedRequest): string {
  if (request.pod === undefined) return request.url;
  const { address } = workloadNamed(inventory, request.pod);
  const url = new URL(request.url);
  return `${url.protocol}//${address.includes(':') ? `[${address}]` : address}:${url.port}${url.pathname}`;
}
