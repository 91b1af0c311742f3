import { type Diagnostic, hasErrors } from '../diagnostic/diagnostic.js';
import { formatPlace, type SourceFile, type Span } from '../diagnostic/span.js';
import type { Inventory, Workload } from '../inventory/inventory.js';
import type { ResourceSet } from '../resource/model/index.js';
import { chooseSelector } from './choose-selector.js';
import { closedForHttp } from './closed-for-http.js';
import { CommentFinder } from './comment-finder.js';
import { type Gate, gatesOf } from './gate.js';
import { gatePolicies, type Refuse } from './gate-policies.js';
import { laterServices } from './later-services.js';
import type { Attachment, MigratedPolicy, PolicyDraft } from './policy-draft.js';
import { rolesWithoutPlace } from './roles-without-place.js';
import { servicesWithoutGate } from './services-without-gate.js';

/** What the older generation comes to as AuthorizationPolicies. */
export interface Translation {
  readonly policies: readonly MigratedPolicy[];
  /** What has no equal (errors), and what a reader should know (warnings). With an error the policies are not the whole of it. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Writes ServiceRoles, their bindings and RBAC's configuration as AuthorizationPolicies of the same effect at every gate of the inventory: with a
 * target reference for what a waypoint or gateway judges, with a selector for what a ztunnel does. What has no equal is refused, never left out.
 */
export function translate(files: readonly SourceFile[], set: ResourceSet, inventory: Inventory): Translation {
  const diagnostics = new Map<string, Diagnostic>();
  const add = (diagnostic: Diagnostic) => {
    diagnostics.set(`${diagnostic.code} ${formatPlace(diagnostic.span)} ${diagnostic.message}`, diagnostic);
  };
  const comments = new CommentFinder(files, set.resources);
  const gates = gatesOf(inventory).filter(({ binding }) => binding.roles.length > 0);
  const names = new Names(inventory);
  const drafts = new Map(
    gates.map((gate) => [gate, gatePolicies(inventory, gate, comments, refuseWith(add, 'migrate-attribute'))]),
  );
  const atZtunnels = ztunnelPolicies(set, inventory, drafts, names, refuseWith(add, 'migrate-destination'));
  const elsewhere = gates.flatMap((gate) =>
    targetedPolicies(gate, drafts.get(gate) ?? [], names, refuseWith(add, 'migrate-destination')),
  );
  for (const diagnostic of [
    ...rolesWithoutPlace(set, inventory),
    ...servicesWithoutGate(inventory),
    ...closedForHttp(inventory, gates),
  ])
    add(diagnostic);
  const policies = [...elsewhere, ...atZtunnels];
  const later = policies.length === 0 || hasErrors([...diagnostics.values()]) ? [] : laterServices(inventory);
  return { policies, diagnostics: [...diagnostics.values(), ...later] };
}

function refuseWith(add: (diagnostic: Diagnostic) => void, code: 'migrate-attribute' | 'migrate-destination'): Refuse {
  return (span: Span, message: string, hint: string) => add({ code, kind: 'finding', severity: 'error', message, span, hint });
}

/** Policies of a waypoint or gateway. A waypoint tells services apart, and no workloads that were dialled themselves. */
function targetedPolicies({ binding }: Gate, drafts: readonly PolicyDraft[], names: Names, refuse: Refuse): MigratedPolicy[] {
  if (binding.gate === 'ztunnel' || drafts.length === 0) return [];
  if (binding.gate === 'gateway') {
    const { name, namespace } = binding.gateway.resource.metadata;
    const target = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name };
    return named(drafts, { target }, namespace, `${name}-gateway`, names);
  }
  const { target } = binding;
  if (!('workloads' in target)) {
    refuse(
      binding.gateway.resource.span,
      `roles govern traffic to the address of workload \`${target.key}\`, and no policy of its waypoint is for one workload alone`,
      'let the waypoint serve services only: `istio.io/waypoint-for: service`',
    );
    return [];
  }
  const group = target.kind === 'Service' ? '' : 'networking.istio.io';
  return named(drafts, { target: { group, kind: target.kind, name: target.name } }, target.namespace, target.name, names);
}

/** Policies of ztunnels: workloads that need the same share them, as far as one selector reaches. */
function ztunnelPolicies(
  set: ResourceSet,
  inventory: Inventory,
  drafts: ReadonlyMap<Gate, readonly PolicyDraft[]>,
  names: Names,
  refuse: Refuse,
): MigratedPolicy[] {
  const needs = new Map<
    string,
    { readonly workload: Workload; readonly drafts: readonly PolicyDraft[]; readonly text: string }
  >();
  for (const [{ binding }, each] of drafts)
    if (binding.gate === 'ztunnel' && each.length > 0)
      needs.set(binding.workload.key, { workload: binding.workload, drafts: each, text: JSON.stringify(each) });
  const covered = new Set<string>();
  return [...needs.values()].flatMap(({ workload, drafts: each, text }) => {
    if (covered.has(workload.key)) return [];
    const same = (other: Workload) => needs.get(other.key)?.text === text;
    const selector = chooseSelector(inventory, workload, serviceSelectors(set, workload), same);
    if (selector === undefined) {
      refuse(
        workload.span,
        `no labels tell workload \`${workload.key}\` from others that need other policies`,
        'give it a label of its own',
      );
      return [];
    }
    for (const other of needs.values())
      if (same(other.workload) && other.workload.namespace === workload.namespace && selects(selector, other.workload))
        covered.add(other.workload.key);
    return named(each, { selector }, workload.namespace, `${workload.ownerName}-ztunnel`, names);
  });
}

function selects(selector: Readonly<Record<string, string>>, { labels }: Workload): boolean {
  return Object.entries(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function serviceSelectors({ resources }: ResourceSet, { namespace }: Workload): readonly Readonly<Record<string, string>>[] {
  return resources.flatMap((each) =>
    each.kind === 'Service' && each.metadata.namespace === namespace && each.selector !== undefined ? [each.selector] : [],
  );
}

function named(
  drafts: readonly PolicyDraft[],
  attachment: Attachment,
  namespace: string,
  suffix: string,
  names: Names,
): MigratedPolicy[] {
  return drafts.map((draft) => {
    const name = names.unused(namespace, `${draft.stem}-${suffix}${draft.dryRun ? '-dry-run' : ''}`);
    return { ...draft, attachment, namespace, name };
  });
}

/** Names that no AuthorizationPolicy of a namespace has yet. */
class Names {
  readonly #used: Set<string>;

  constructor({ policies }: Inventory) {
    this.#used = new Set(policies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  }

  unused(namespace: string, wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#used.has(`${namespace}/${name}`); number++) name = `${wanted}-${number}`;
    this.#used.add(`${namespace}/${name}`);
    return name;
  }
}
