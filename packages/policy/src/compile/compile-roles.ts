import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Grant, RoleJudge, RoleOutcome } from '../legacy/interpret-roles.js';
import { type ReadRole, readScope } from '../legacy/read-roles.js';
import type { RoleFacts } from '../legacy/role-facts.js';
import type { RoleLayer } from '../legacy/test.js';
import { compileTable } from './compile-table.js';
import { type CompileOptions, defaultOptions } from './options.js';
import { roleRule } from './roles/role-rule.js';
import type { Table } from './table.js';
import { Turn } from './turn.js';

/** Compiles the roles of a scope for one layer: a role is a rule of the table, those that are enforced before those that are only tried out. */
export function compileRoles(
  inventory: Inventory,
  scope: RoleScope,
  layer: RoleLayer,
  options: CompileOptions = defaultOptions,
): RoleJudge {
  const { refusal, enforced, shadow } = readScope(inventory, scope, layer);
  const table = new RoleTable(enforced, shadow, scope.permissive, options);
  return { ...(refusal === undefined ? {} : { refusal }), outcome: (facts) => table.outcome(facts) };
}

class RoleTable {
  readonly #table: Table<RoleFacts>;
  readonly #roles: readonly ReadRole[];
  readonly #turn = new Turn();

  constructor(
    private readonly enforced: readonly ReadRole[],
    shadow: readonly ReadRole[],
    private readonly permissive: boolean,
    private readonly options: CompileOptions,
  ) {
    this.#roles = [...enforced, ...shadow];
    this.#table = compileTable(this.#roles.map(roleRule), options);
  }

  /** What the roles come to. Throws where facts, while they are read, ask for another decision of the same table. */
  outcome(facts: RoleFacts): RoleOutcome {
    const { tally } = this.options;
    if (tally !== undefined) tally.roles += 1;
    this.#turn.take();
    try {
      this.#table.begin(facts);
      const shadows = this.enforced.length;
      const grants = this.#grants(0, shadows);
      const enforced = !this.permissive;
      if (!this.permissive && this.#roles.length === shadows) return { enforced, grants };
      return { enforced, grants, shadow: this.#grants(shadows, this.#roles.length) };
    } finally {
      this.#turn.leave();
    }
  }

  #grants(from: number, end: number): readonly Grant[] {
    const grants: Grant[] = [];
    for (let rule = this.#next(from, end); rule >= 0; rule = this.#next(rule + 1, end)) grants.push(...this.#grant(rule));
    return grants;
  }

  #next(from: number, end: number): number {
    return from < end ? this.#table.next(from, end) : -1;
  }

  /** The first rule and the first subject of a role that grants. */
  #grant(place: number): readonly Grant[] {
    const read = this.#roles[place];
    const permission = read?.permissions[this.#table.choice(place, 0)];
    const principal = read?.principals[this.#table.choice(place, 1)];
    if (read === undefined || permission === undefined || principal === undefined) return [];
    return [{ role: read.role, rule: permission.rule, binding: principal.binding, subject: principal.subject }];
  }
}
