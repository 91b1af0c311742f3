import type { Closure, GateBinding } from '../bind/binding.js';
import { isPathTemplate } from '../reference/path-template.js';
import type { AuthorizationPolicy, Term } from '../resource/model/index.js';
import type { Verdict } from '../verdict/verdict.js';
import { closedVerdict } from './compose-verdict.js';

/**
 * What closes a gate before any rule is asked: the first closure of its binding, else a policy for which Envoy would refuse the
 * whole configuration of the gate. A RequestAuthentication closes requests only, as a TCP connection carries no token.
 */
function closureFor(binding: GateBinding, subject: 'connection' | 'request'): Closure | undefined {
  const applies = (closure: Closure) => closure.kind === 'AuthorizationPolicy' || subject === 'request';
  return binding.closures.find(applies) ?? (binding.gate === 'ztunnel' ? undefined : refusedByEnvoy(binding));
}

/** The verdict of a gate that is closed, the same object for all that it is asked; undefined for a gate that is not. */
export function closedVerdictOf(binding: GateBinding, subject: 'connection' | 'request'): Verdict | undefined {
  const closure = closureFor(binding, subject);
  return closure && Object.freeze(closedVerdict(closure));
}

/** A template without a leading slash passes upstream's validation and freezes the gate (reference section 0.4). */
function refusedByEnvoy(binding: GateBinding): Closure | undefined {
  for (const { policy } of binding.policies) {
    for (const rule of policy.rules) {
      const term = rule.to.flatMap((entry): readonly Term[] => entry.terms).find(hasRelativeTemplate);
      if (term !== undefined) return templateClosure(policy, rule.index, term);
    }
  }
  return undefined;
}

function hasRelativeTemplate({ field, values }: Term): boolean {
  return field === 'paths' && values.some(({ value }) => isPathTemplate(value) && !value.startsWith('/'));
}

function templateClosure(policy: AuthorizationPolicy, rule: number, { span }: Term): Closure {
  const detail = 'a path template without a leading slash makes Envoy refuse the configuration of the gate';
  return { reason: 'unsupported-policy', kind: 'AuthorizationPolicy', policy, rule, span, detail };
}
