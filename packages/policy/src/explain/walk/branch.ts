import type { Failure, GateExplanation, Step } from '../explanation.js';

/** One way the request may go from here on: steps and gates in order, with how it ends. */
export interface Branch {
  /** What tells this way from the others: an endpoint's workload, a backend service. */
  readonly label: string;
  readonly effect: 'allow' | 'deny';
  readonly steps: readonly BranchStep[];
  readonly failure?: Failure;
  readonly notes: readonly string[];
  readonly notCaptured: readonly string[];
}

/** A step that still holds its gate; `explain` numbers the gates at the end. */
export type BranchStep = Exclude<Step, { kind: 'gate' }> | { readonly kind: 'gate'; readonly gate: GateExplanation };

/** A way that ends here, with no further step. */
export function deadEnd(label: string, failure?: Failure): Branch {
  return { label, effect: 'deny', steps: [], ...(failure === undefined ? {} : { failure }), notes: [], notCaptured: [] };
}

/** Puts steps before a branch. */
export function prepend(steps: readonly BranchStep[], branch: Branch): Branch {
  return { ...branch, steps: [...steps, ...branch.steps] };
}

/**
 * Joins the ways that one request may take: the worst decides, so that `allow` is said only where every way allows. The first
 * gate of the chosen way carries the others that answer differently.
 */
export function joinBranches(branches: readonly Branch[]): Branch {
  const worst = branches.find((branch) => branch.effect === 'deny') ?? branches[0];
  if (worst === undefined) return deadEnd('', { reason: 'no-endpoints', detail: 'nothing stands behind it' });
  if (branches.length === 1) return worst;
  const signature = signatureOf(worst);
  const different = branches.filter((branch) => branch !== worst && signatureOf(branch) !== signature);
  const steps = withOthers(worst.steps, different, branches.length);
  return { ...worst, steps, notes: [...worst.notes, ...noteOn(worst, different, branches.length)] };
}

function withOthers(steps: readonly BranchStep[], different: readonly Branch[], count: number): readonly BranchStep[] {
  const index = steps.findIndex((step) => step.kind === 'gate');
  const step = steps[index];
  if (step?.kind !== 'gate') return steps;
  const others = different.flatMap((branch) => {
    const gate = decidingGate(branch);
    if (gate === undefined) return [];
    const { effect, reason, policy, rule, file, line } = gate;
    return [{ name: branch.label, effect, reason, policy, rule, file, line }];
  });
  return steps.with(index, { kind: 'gate', gate: { ...step.gate, others, endpoints: count } });
}

function noteOn(worst: Branch, different: readonly Branch[], count: number): string[] {
  const opposite = different.filter((branch) => branch.effect !== worst.effect);
  if (opposite.length === 0) return [];
  const names = opposite.slice(0, 5).map((branch) => `\`${branch.label}\``);
  const more = opposite.length > 5 ? ` and ${opposite.length - 5} more` : '';
  return [`${count - opposite.length} of ${count} ways deny; allowed only by way of ${names.join(', ')}${more}`];
}

/** The gate that a branch's outcome comes from: the one that denies, else the last. */
function decidingGate(branch: Branch): GateExplanation | undefined {
  const gates = branch.steps.flatMap((step) => (step.kind === 'gate' ? [step.gate] : []));
  return gates.find((gate) => gate.effect === 'deny') ?? gates.at(-1);
}

function signatureOf(branch: Branch): string {
  const gates = branch.steps.flatMap((step) => (step.kind === 'gate' ? [step.gate] : []));
  const decisions = gates.map((gate) => [gate.gate, gate.effect, gate.reason, gate.policy, gate.rule]);
  return JSON.stringify([branch.effect, branch.failure?.reason, decisions]);
}

/** The branch with what there is to say of a gate at its beginning. */
export function withNotes(notes: readonly string[], branch: Branch): Branch {
  return notes.length === 0 ? branch : { ...branch, notes: [...notes, ...branch.notes] };
}
