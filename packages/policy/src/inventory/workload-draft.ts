import type { Span } from '../diagnostic/span.js';
import type { ContainerPort, GatewayTopology } from '../resource/model/index.js';
import type { ApplicationTunnel, Capture, Workload } from './inventory.js';
import { append, type Labels } from './labels.js';

/** The annotation whose value is the command that runs a workload on this machine. */
export const runAnnotation = 'sallyport/run';

/** A workload before it has a unique key, a policy address and the ports of its services. */
export interface WorkloadDraft {
  readonly kind: Workload['kind'];
  readonly namespace: string;
  readonly name: string;
  readonly ownerName: string;
  readonly ownerKind: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly serviceAccount: string;
  /** As declared, in canonical text; the first is the policy address. */
  readonly addresses: readonly string[];
  readonly capture: Capture;
  /** As it says itself. */
  readonly network?: string;
  readonly ready: boolean;
  readonly ports: readonly ContainerPort[];
  readonly gateway?: string;
  readonly applicationTunnel?: ApplicationTunnel;
  /** Of a gateway's pod: by its annotation. */
  readonly topology?: GatewayTopology;
  readonly span: Span;
}

/** A draft under the key that it will have. */
export interface KeyedDraft {
  readonly key: string;
  readonly draft: WorkloadDraft;
}

/**
 * Gives every draft a unique key. Of several with one name, the first of the list keeps `NAMESPACE/NAME`; the others get their kind
 * appended, and are handed to `onDuplicate`.
 */
export function keyDrafts(
  drafts: readonly WorkloadDraft[],
  onDuplicate: (draft: WorkloadDraft, first: WorkloadDraft) => void,
): KeyedDraft[] {
  const byName = new Map<string, WorkloadDraft[]>();
  for (const draft of drafts) append(byName, `${draft.namespace}/${draft.name}`, draft);
  const taken = new Set(byName.keys());
  const keyed: KeyedDraft[] = [];
  for (const [key, [first, ...others]] of byName) {
    if (first === undefined) continue;
    keyed.push({ key, draft: first });
    for (const draft of others) {
      onDuplicate(draft, first);
      keyed.push(withFreeName(draft, taken));
    }
  }
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function withFreeName(draft: WorkloadDraft, taken: Set<string>): KeyedDraft {
  let name = `${draft.name}-${draft.ownerKind.toLowerCase()}`;
  while (taken.has(`${draft.namespace}/${name}`)) name = `${name}-x`;
  const key = `${draft.namespace}/${name}`;
  taken.add(key);
  return { key, draft: { ...draft, name } };
}
