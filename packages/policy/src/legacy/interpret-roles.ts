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
export type RoleOutcome =
  /** The gate cannot be configured: whatever it is asked, it denies. */
  | { readonly kind: 'refused'; readonly refusal: RoleRefusal }
  | {
      readonly kind: 'judged';
      /** Of the first role that grants it, in order of their names. */
      readonly grant: Grant | undefined;
      /** The same of what is only tried out; absent where nothing is. */
      readonly shadow?: { readonly grant: Grant | undefined };
      /** Whether roles are enforced at all; not so where RBAC as a whole is only tried out. */
      readonly enforced: boolean;
    };

/**
 * What the roles of a scope come to for a request or a connection, straight from their text (legacy reference section 2). A role grants
 * where one of its rules and one of the subjects of its bindings hold; there is nothing that denies.
 */
export function roleInterpreter(inventory: Inventory, scope: RoleScope, layer: RoleLayer): (facts: RoleFacts) => RoleOutcome {
  const { refusal, enforced, shadow } = readScope(inventory, scope, layer);
  if (refusal !== undefined) return () => ({ kind: 'refused', refusal });
  const granted = enforced.map(grantTest);
  const tried = shadow.map(grantTest);
  return (facts) => ({
    kind: 'judged',
    enforced: !scope.permissive,
    grant: firstOf(granted, facts),
    ...(scope.permissive || shadow.length > 0 ? { shadow: { grant: firstOf(tried, facts) } } : {}),
  });
}

function firstOf(grants: readonly ((facts: RoleFacts) => Grant | undefined)[], facts: RoleFacts): Grant | undefined {
  return grants.flatMap((grant) => grant(facts) ?? [])[0];
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
