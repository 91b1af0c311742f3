import { type FindingContext, listNames } from '../finding-context.js';
import { ztunnelPolicies } from '../ztunnel-policies.js';
import { principalsOf } from './principals.js';

/** `cluster.local` in a mesh with a trust domain of its own: an alias at waypoints, a stranger at ztunnels of `upstream` (reference section 3.8). */
export function clusterLocalPrincipal(context: FindingContext): void {
  const { trustDomain } = context.inventory.mesh;
  if (trustDomain === 'cluster.local') return;
  for (const [policy, workloads] of ztunnelPolicies(context, (policy) => principalsOf(policy).some(namesClusterLocal))) {
    for (const { value, span } of principalsOf(policy)) {
      if (!namesClusterLocal({ value })) continue;
      const message = `\`cluster.local\` is not the trust domain of this mesh, \`${trustDomain}\`: a ztunnel of \`upstream\` never matches \`${value}\``;
      context.report('cluster-local-principal', span, message, {
        hint: `write \`${trustDomain}${value.slice('cluster.local'.length)}\`; it is enforced at the ztunnel of ${listNames(workloads, 2)}`,
      });
    }
  }
}

function namesClusterLocal({ value }: { readonly value: string }): boolean {
  return value.startsWith('cluster.local/');
}
