import type { Closure, GateBinding } from '../bind/binding.js';
import { qualifiedName } from './walk/gate-view.js';

/** What one policy closes: the closure, and the gates by name (a workload by its owner). */
export interface ClosedGates {
  readonly closure: Closure;
  readonly gates: readonly string[];
}

/** The gates that are closed for one reason, policy by policy. */
export function closedGates(bindings: Iterable<GateBinding>, reason: Closure['reason']): ClosedGates[] {
  const found = new Map<string, { closure: Closure; gates: Set<string> }>();
  for (const binding of bindings) {
    for (const closure of binding.closures) {
      if (closure.reason !== reason) continue;
      const key = `${closure.kind} ${qualifiedName(closure.policy.metadata)}`;
      const entry = found.get(key) ?? { closure, gates: new Set() };
      entry.gates.add(nameOf(binding));
      found.set(key, entry);
    }
  }
  return [...found.values()].map(({ closure, gates }) => ({ closure, gates: [...gates] }));
}

function nameOf(binding: GateBinding): string {
  return binding.gate === 'ztunnel' ? `${binding.workload.namespace}/${binding.workload.ownerName}` : binding.gateway.key;
}
