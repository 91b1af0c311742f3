import { constraintsOf } from '../bind/roles/concerns-destination.js';
import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Span } from '../diagnostic/span.js';
import type { AccessRule, ServiceRole, ServiceRoleBinding } from '../resource/model/index.js';
import type { Gate, GatePort } from './gate.js';

/** A rule of a role that governs a gate, with the ports at which it holds. */
export interface GateGrant {
  readonly role: ServiceRole;
  readonly rule: AccessRule;
  readonly bindings: readonly ServiceRoleBinding[];
  readonly ports: readonly GatePort[];
  /** Whether the role itself says at which ports. */
  readonly namesPorts: boolean;
}

/** What the older generation comes to at one gate. */
export interface GateGrants {
  readonly governed: readonly GatePort[];
  /** Ports that no governed service has: whatever comes there is admitted. */
  readonly ungoverned: readonly GatePort[];
  readonly grants: readonly GateGrant[];
  readonly permissive: boolean;
}

/**
 * The grants of a gate, port by port. Where several workloads or services stand behind a port, all of them have to admit; what they do not have
 * in common then has to be less than all of what one of them has, or there is no policy that says it.
 */
export function grantsAt({ binding, ports }: Gate, refuse: (span: Span, message: string, hint: string) => void): GateGrants {
  refuseUnreadablePorts(binding.roles, refuse);
  const found = new Map<string, GateGrant>();
  const governed: GatePort[] = [];
  for (const port of ports) {
    const scopes = binding.roles.filter((scope) => scope.ports === undefined || scope.ports.has(port.port));
    if (scopes.length === 0) continue;
    governed.push(port);
    for (const [key, grant] of common(
      scopes.map((scope) => holding(scope, port.port)),
      refuse,
    )) {
      const earlier = found.get(key);
      found.set(key, { ...grant, ports: [...(earlier?.ports ?? []), port] });
    }
  }
  return {
    governed,
    ungoverned: ports.filter((port) => !governed.includes(port)),
    grants: [...found.values()],
    permissive: binding.roles.some(({ permissive }) => permissive),
  };
}

type Holding = ReadonlyMap<string, Omit<GateGrant, 'ports'>>;

/** The rules of a scope that hold at a port of the gate, which may be another at the workload. */
function holding(scope: RoleScope, port: number): Holding {
  const local = scope.ports?.get(port)?.port ?? port;
  return new Map(
    scope.roles.flatMap(({ role, rules, bindings }) =>
      rules
        .filter((rule) => holdsAtPort(rule, local))
        .map((rule) => {
          const key = `${role.metadata.namespace}/${role.metadata.name}/${rule.index}`;
          return [key, { role, rule, bindings, namesPorts: namesPorts(rule) }] as const;
        }),
    ),
  );
}

function holdsAtPort(rule: AccessRule, port: number): boolean {
  const matches = (values: readonly { readonly value: string }[]) => values.some(({ value }) => Number(value) === port);
  return (
    rule.terms.every((term) => term.field !== 'ports' || matches(term.values) !== term.negated) &&
    constraintsOf(rule).every(({ key, values }) => key.value !== 'destination.port' || matches(values))
  );
}

/** Upstream left out a value that is no port, and with the last of them the constraint. */
function refuseUnreadablePorts(scopes: readonly RoleScope[], refuse: (span: Span, message: string, hint: string) => void): void {
  const rules = scopes.flatMap(({ roles }) => roles.flatMap((role) => role.rules));
  const asked = rules.flatMap(constraintsOf).filter(({ key }) => key.value === 'destination.port');
  for (const { value, span } of asked.flatMap(({ values }) => values))
    if (!/^\d+$/.test(value) || Number(value) > 65_535)
      refuse(span, `\`${value}\` is not a port`, 'upstream ignored it; remove it');
}

function namesPorts(rule: AccessRule): boolean {
  return (
    rule.terms.some(({ field }) => field === 'ports') || rule.constraints.some(({ key }) => key.value === 'destination.port')
  );
}

function common(holdings: readonly Holding[], refuse: (span: Span, message: string, hint: string) => void): Holding {
  const [least = new Map(), ...others] = [...holdings].sort((a, b) => a.size - b.size);
  for (const [key, { rule }] of least) {
    if (others.every((other) => other.has(key))) continue;
    refuse(
      rule.span,
      'the workloads behind one port differ in what the roles grant, and all of them have to admit',
      'give the workloads that differ a Service of their own',
    );
  }
  return least;
}
