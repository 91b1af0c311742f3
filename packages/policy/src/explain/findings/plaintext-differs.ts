import type { PeerAuthentication } from '../../resource/model/index.js';
import type { Verdict } from '../../verdict/verdict.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Ports on which one dialect admits plaintext and the other does not, because of a PeerAuthentication (reference section 7.9). */
export function plaintextDiffers(context: FindingContext): void {
  const found = new Map<PeerAuthentication, { readonly strictDenies: boolean; readonly ports: Set<string> }>();
  for (const { workload, port, strict, upstream } of plaintextVerdicts(context)) {
    const denial = strict.effect === 'deny' ? strict : upstream;
    if (strict.effect === upstream.effect || denial.reason !== 'mtls-required') continue;
    const policy = policyNamed(context, denial);
    if (policy === undefined) continue;
    const entry = found.get(policy) ?? { strictDenies: strict.effect === 'deny', ports: new Set() };
    entry.ports.add(`${workload}:${port}`);
    found.set(policy, entry);
  }
  for (const [policy, { strictDenies, ports }] of found) {
    const [denies, allows] = strictDenies ? ['strict', 'upstream'] : ['upstream', 'strict'];
    const message = `${denies} denies and ${allows} allows plaintext to ${listNames([...ports])}, by PeerAuthentication \`${qualifiedName(policy.metadata)}\``;
    context.report('dialects-differ', policy.metadata.nameSpan, message);
  }
}

interface PlaintextVerdicts {
  readonly workload: string;
  readonly port: number;
  readonly strict: Verdict;
  readonly upstream: Verdict;
}

function* plaintextVerdicts(context: FindingContext): Generator<PlaintextVerdicts> {
  const strict = context.gatesOf('strict');
  const upstream = context.gatesOf('upstream');
  if (strict === undefined || upstream === undefined || context.inventory.peerAuthentications.length === 0) return;
  for (const workload of strict.captured) {
    const same = upstream.inventory.workloads.get(workload.key);
    if (same?.capture !== 'captured') continue;
    for (const port of workload.ports) {
      const connection = { sourceIp: '203.0.113.77', destinationIp: workload.address, destinationPort: port };
      yield {
        workload: `${workload.namespace}/${workload.ownerName}`,
        port,
        strict: strict.decider(strict.ztunnel(workload)).connection(connection),
        upstream: upstream.decider(upstream.ztunnel(same)).connection(connection),
      };
    }
  }
}

function policyNamed(context: FindingContext, { policy }: Verdict): PeerAuthentication | undefined {
  if (policy === undefined) return undefined;
  const name = qualifiedName(policy);
  return context.inventory.peerAuthentications.find((candidate) => qualifiedName(candidate.metadata) === name);
}
