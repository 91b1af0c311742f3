import type { RoleScope } from '../bind/roles/role-scope.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Grant, RoleOutcome } from '../legacy/interpret-roles.js';
import { type ReadRole, type ReadScope, readScope } from '../legacy/read-roles.js';
import type { RoleLayer } from '../legacy/test.js';
import { compileTable } from './compile-table.js';
import { type CompileOptions, defaultOptions } from './options.js';
import { Remembered } from './remembered.js';
import type { RoleSubject } from './roles/role-dimension.js';
import { roleRule } from './roles/role-rule.js';
import type { ConnectionMemo, Table } from './table.js';
import { type Keeper, type MemoryShare, TableMemory } from './table-memory.js';
import { Turn } from './turn.js';

/** Compiles the roles of a scope for one layer. `conclude` says what an outcome makes of the conclusion before it. */
export function compileRoles<Conclusion extends object>(
  inventory: Inventory,
  scope: RoleScope,
  layer: RoleLayer,
  conclude: (before: Conclusion, outcome: RoleOutcome) => Conclusion,
  options: CompileOptions = defaultOptions,
): RoleTable<Conclusion> {
  return new RoleTable(readScope(inventory, scope, layer), scope.permissive, conclude, options);
}

/** A grant of no role, as a number: those of roles count up from it. */
const noGrant = 0;
/** In place of a grant, where the gate cannot be configured. */
const refusing = -1;
/** About what a conclusion takes. */
const conclusionBytes = 500;
const mostConclusions = 1 << 12;

/**
 * The roles of one scope and layer in one table, a role being a rule, those that are enforced before those that are only tried out. Of equal
 * outcomes on the same conclusion there is one `Conclusion`, made by `conclude` when the first of them comes up.
 */
export class RoleTable<Conclusion extends object> implements Keeper {
  readonly #table: Table<RoleSubject>;
  readonly #roles: readonly ReadRole[];
  /** The number of the first grant of each role: it has one for each of its rules and subjects together. */
  readonly #grants: readonly number[];
  readonly #turn = new Turn();
  readonly #share: MemoryShare;
  #concluded = new WeakMap<Conclusion, Remembered<Conclusion>>();
  #remembered = 0;

  constructor(
    private readonly read: ReadScope,
    private readonly permissive: boolean,
    private readonly conclude: (before: Conclusion, outcome: RoleOutcome) => Conclusion,
    private readonly options: CompileOptions,
  ) {
    this.#roles = [...read.enforced, ...read.shadow];
    let grant = noGrant + 1;
    this.#grants = this.#roles.map(({ permissions, principals }) => {
      const first = grant;
      grant += permissions.length * principals.length;
      return first;
    });
    this.#table = compileTable(this.#roles.map(roleRule), options);
    this.#share = (options.memory ?? new TableMemory(Number.POSITIVE_INFINITY)).shareOf(this);
  }

  /**
   * What the roles make of a conclusion. `memo` is kept by the caller, with the connection and for this table alone. Throws where facts, while they are
   * read, ask for another decision of the same table.
   */
  decide(before: Conclusion, facts: RoleSubject, memo?: ConnectionMemo): Conclusion {
    if (this.read.refusal !== undefined) return this.#conclusion(before, refusing, noGrant);
    const { tally } = this.options;
    if (tally !== undefined) tally.roles += 1;
    this.#turn.take();
    try {
      this.#table.begin(facts, memo);
      const enforced = this.read.enforced.length;
      const granted = this.#first(0, enforced);
      return this.#conclusion(before, granted, this.#first(enforced, this.#roles.length));
    } finally {
      this.#turn.leave();
    }
  }

  forget(): void {
    this.#concluded = new WeakMap();
    this.#remembered = 0;
  }

  /** The first role that grants it, by its first rule and its first subject that do. */
  #first(from: number, end: number): number {
    const role = from < end ? this.#table.next(from, end) : -1;
    if (role < 0) return noGrant;
    const subjects = this.#roles[role]?.principals.length ?? 0;
    return (this.#grants[role] ?? 0) + this.#table.choice(role, 0) * subjects + this.#table.choice(role, 1);
  }

  #conclusion(before: Conclusion, grant: number, shadow: number): Conclusion {
    const { internedOutcomes } = this.options;
    const known = internedOutcomes ? this.#concluded.get(before)?.get(grant, shadow) : undefined;
    if (known !== undefined) return known;
    const conclusion = this.conclude(before, this.#outcome(grant, shadow));
    // Only what is shared itself comes again; without room for this one all has been forgotten.
    if (!internedOutcomes || !Object.isFrozen(before) || !this.#share.keep(conclusionBytes)) return conclusion;
    if (++this.#remembered > mostConclusions) this.#forgetAll();
    const own = this.#concluded.get(before) ?? new Remembered();
    this.#concluded.set(before, own);
    return own.set(grant, shadow, Object.freeze(conclusion));
  }

  #forgetAll(): void {
    this.#share.release();
    this.forget();
  }

  #outcome(grant: number, shadow: number): RoleOutcome {
    const { refusal } = this.read;
    if (refusal !== undefined) return { kind: 'refused', refusal };
    const tried = this.permissive || this.read.shadow.length > 0;
    return {
      kind: 'judged',
      enforced: !this.permissive,
      grant: this.#grant(grant),
      ...(tried ? { shadow: { grant: this.#grant(shadow) } } : {}),
    };
  }

  #grant(grant: number): Grant | undefined {
    if (grant === noGrant) return undefined;
    const place = this.#grants.findLastIndex((first) => first <= grant);
    const read = this.#roles[place];
    const within = grant - (this.#grants[place] ?? 0);
    const subjects = read?.principals.length ?? 1;
    const permission = read?.permissions[Math.floor(within / subjects)];
    const principal = read?.principals[within % subjects];
    if (read === undefined || permission === undefined || principal === undefined) return undefined;
    return { role: read.role, rule: permission.rule, binding: principal.binding, subject: principal.subject };
  }
}
