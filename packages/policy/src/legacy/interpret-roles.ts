import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Inventory } from '../inventory/inventory.js';
import type { AccessRule, ServiceRole, ServiceRoleBinding, Subject } from '../resource/model/index.js';
import { clausesTest } from './clause.js';
import { type ReadRole, type RoleRefusal, readScope } from './read-roles.js';
import type { RoleFacts } from './role-facts.js';
import type { RoleLayer } from './test.js';

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
export interface RoleJudge {
  /** Set where the gate cannot be configured: whatever it is asked, it denies. */
  readonly refusal?: RoleRefusal;
  outcome(facts: RoleFacts): RoleOutcome;
}

/**
 * What the roles of a scope come to for a request or a connection, straight from their text (legacy reference section 2). A role grants
 * where one of its rules and one of the subjects of its bindings hold; there is nothing that denies.
 */
export function roleInterpreter(inventory: Inventory, scope: RoleScope, layer: RoleLayer): RoleJudge {
  const { refusal, enforced, shadow } = readScope(inventory, scope, layer);
  const granted = enforced.map(grantTest);
  const tried = shadow.map(grantTest);
  return {
    ...(refusal === undefined ? {} : { refusal }),
    outcome: (facts) => ({
      enforced: !scope.permissive,
      grants: granted.flatMap((grant) => grant(facts) ?? []),
      ...(scope.permissive || shadow.length > 0 ? { shadow: tried.flatMap((grant) => grant(facts) ?? []) } : {}),
    }),
  };
}

function grantTest({ role, permissions, principals }: ReadRole): (facts: RoleFacts) => Grant | undefined {
  const rules = permissions.map(({ rule, clauses }) => ({ rule, test: clausesTest(clauses) }));
  const subjects = principals.map(({ clauses, ...subject }) => ({ ...subject, test: clausesTest(clauses) }));
  return (facts) => {
    const permission = rules.find(({ test }) => test(facts));
    const principal = permission && subjects.find(({ test }) => test(facts));
    if (permission === undefined || principal === undefined) return undefined;
    return { role, rule: permission.rule, binding: principal.binding, subject: principal.subject };
  };
}
