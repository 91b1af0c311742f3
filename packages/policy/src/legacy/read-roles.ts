import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import { trustDomainsOf } from '../reference/requirement.js';
import type { AccessRule, ServiceRole, ServiceRoleBinding, Subject } from '../resource/model/index.js';
import type { RoleClause } from './clause.js';
import { permissionOf } from './permission.js';
import { principalOf } from './principal.js';
import type { ReadingContext, Refusal, RoleLayer } from './test.js';

/** A role for which the gate cannot be configured. */
export interface RoleRefusal extends Refusal {
  readonly role: ServiceRole;
}

/** A role with the rules and the subjects that a layer can evaluate, at least one of each. */
export interface ReadRole {
  readonly role: ServiceRole;
  readonly permissions: readonly { readonly rule: AccessRule; readonly clauses: readonly RoleClause[] }[];
  readonly principals: readonly {
    readonly binding: ServiceRoleBinding;
    readonly subject: Subject;
    readonly clauses: readonly RoleClause[];
  }[];
}

/** What the roles of a scope say at one layer. */
export interface ReadScope {
  readonly enforced: readonly ReadRole[];
  /** What is only tried out. */
  readonly shadow: readonly ReadRole[];
  /** The first role for which the gate cannot be configured. */
  readonly refusal?: RoleRefusal;
}

/** Reads the roles of a scope for a layer. */
export function readScope(inventory: Inventory, scope: RoleScope, layer: RoleLayer): ReadScope {
  const read = (wanted: (binding: ServiceRoleBinding) => boolean) => readRoles(inventory, scope, layer, wanted);
  const enforced = scope.permissive ? nothing : read(({ permissive }) => !permissive);
  const shadow = read(({ permissive }) => scope.permissive || permissive);
  const refusal = enforced.refusal ?? shadow.refusal;
  return { enforced: enforced.roles, shadow: shadow.roles, ...(refusal === undefined ? {} : { refusal }) };
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
    const clauses = permissionOf(rule, context);
    return clauses === undefined ? [] : [{ rule, clauses }];
  });
}

function readSubjects(bindings: readonly ServiceRoleBinding[], context: ReadingContext): ReadRole['principals'] {
  return bindings.flatMap((binding) =>
    binding.subjects.flatMap((subject) => {
      const clauses = principalOf(subject, context);
      return clauses === undefined ? [] : [{ binding, subject, clauses }];
    }),
  );
}
