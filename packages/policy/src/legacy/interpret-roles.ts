import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import { trustDomainsOf } from '../reference/requirement.js';
import type { AccessRule, ServiceRole, ServiceRoleBinding, Subject } from '../resource/model/index.js';
import { permissionOf } from './permission.js';
import { principalOf } from './principal.js';
import type { RoleFacts } from './role-facts.js';
import type { ReadingContext, Refusal, RoleLayer, RoleTest } from './test.js';

/** A role with the rule and the subject that grant something. */
export interface Grant {
  readonly role: ServiceRole;
  readonly rule: AccessRule;
  readonly binding: ServiceRoleBinding;
  readonly subject: Subject;
}

/** What the roles of one scope come to. */
export interface RoleOutcome {
  /** Every role that grants it, one grant each, in order of their names. */
  readonly grants: readonly Grant[];
  /** As `grants`, of what is only tried out; absent where nothing is. */
  readonly shadow?: readonly Grant[];
  /** Whether roles are enforced at all; not so where RBAC as a whole is only tried out. */
  readonly enforced: boolean;
}

/** The roles of one scope, read for one layer. */
export interface RoleInterpreter {
  /** Set where the gate cannot be configured: whatever it is asked, it denies. */
  readonly refusal?: RoleRefusal;
  outcome(facts: RoleFacts): RoleOutcome;
}

/** A role for which the gate cannot be configured. */
export interface RoleRefusal extends Refusal {
  readonly role: ServiceRole;
}

/**
 * What the roles of a scope come to for a request or a connection, straight from their text (legacy reference section 2). A role grants
 * where one of its rules and one of the subjects of its bindings hold; there is nothing that denies.
 */
export function roleInterpreter(inventory: Inventory, scope: RoleScope, layer: RoleLayer): RoleInterpreter {
  const read = (wanted: (binding: ServiceRoleBinding) => boolean) => readRoles(inventory, scope, layer, wanted);
  const enforced = scope.permissive ? nothing : read(({ permissive }) => !permissive);
  const shadow = read(({ permissive }) => scope.permissive || permissive);
  const refusal = enforced.refusal ?? shadow.refusal;
  return {
    ...(refusal === undefined ? {} : { refusal }),
    outcome: (facts) => ({
      enforced: !scope.permissive,
      grants: grantsOf(enforced, facts),
      ...(scope.permissive || shadow.roles.length > 0 ? { shadow: grantsOf(shadow, facts) } : {}),
    }),
  };
}

interface ReadRole {
  readonly role: ServiceRole;
  readonly permissions: readonly { readonly rule: AccessRule; readonly test: RoleTest }[];
  readonly principals: readonly { readonly binding: ServiceRoleBinding; readonly subject: Subject; readonly test: RoleTest }[];
}

interface ReadRoles {
  readonly roles: readonly ReadRole[];
  readonly refusal?: RoleRefusal;
}

const nothing: ReadRoles = { roles: [] };

/** The roles that have both a rule and a subject for this layer; others contribute nothing (legacy reference section 2.9). */
function readRoles(
  inventory: Inventory,
  scope: RoleScope,
  layer: RoleLayer,
  wanted: (binding: ServiceRoleBinding) => boolean,
): ReadRoles {
  const refusals: RoleRefusal[] = [];
  const roles = scope.roles.flatMap(({ role, rules, bindings }) => {
    const found: Refusal[] = [];
    const context: ReadingContext = {
      dialect: inventory.dialect.name,
      layer,
      trustDomains: trustDomainsOf(inventory.mesh),
      refuse: (detail: string, span: Span) => void found.push({ detail, span }),
    };
    const read = { role, permissions: readRules(rules, context), principals: readSubjects(bindings.filter(wanted), context) };
    if (read.permissions.length === 0 || read.principals.length === 0) return [];
    refusals.push(...found.map((refusal) => ({ ...refusal, role })));
    return [read];
  });
  const [refusal] = refusals;
  return { roles, ...(refusal === undefined ? {} : { refusal }) };
}

function readRules(rules: readonly AccessRule[], context: ReadingContext): ReadRole['permissions'] {
  return rules.flatMap((rule) => {
    const test = permissionOf(rule, context);
    return test === undefined ? [] : [{ rule, test }];
  });
}

function readSubjects(bindings: readonly ServiceRoleBinding[], context: ReadingContext): ReadRole['principals'] {
  return bindings.flatMap((binding) =>
    binding.subjects.flatMap((subject) => {
      const test = principalOf(subject, context);
      return test === undefined ? [] : [{ binding, subject, test }];
    }),
  );
}

function grantsOf({ roles }: ReadRoles, facts: RoleFacts): Grant[] {
  return roles.flatMap(({ role, permissions, principals }) => {
    const permission = permissions.find(({ test }) => test(facts));
    const principal = permission && principals.find(({ test }) => test(facts));
    if (permission === undefined || principal === undefined) return [];
    return [{ role, rule: permission.rule, binding: principal.binding, subject: principal.subject }];
  });
}
