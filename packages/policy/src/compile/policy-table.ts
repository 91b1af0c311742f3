import type { Facts } from '../reference/facts.js';
import type { CustomSettled } from '../reference/interpret.js';
import type { RuleMatch } from '../reference/resolved-policy.js';
import type { Outcome, Shadow } from '../verdict/combine.js';
import { compileTable } from './compile-table.js';
import type { CompileOptions } from './options.js';
import { Remembered } from './remembered.js';
import type { CompiledRule } from './rule.js';
import type { ConnectionMemo, Table } from './table.js';
import { type Keeper, type MemoryShare, TableMemory } from './table-memory.js';
import { Turn } from './turn.js';

/** What a policy is part of: `none` has no say, and yet it applies. */
export type Part = 'custom' | 'deny' | 'allow' | 'audit' | 'deny-dry-run' | 'allow-dry-run' | 'none';

/** A policy with its rules compiled; those that never match are not among them. */
export interface CompiledPolicy {
  readonly part: Part;
  readonly rules: readonly { readonly match: RuleMatch; readonly compiled: CompiledRule<Facts> }[];
}

/** Rules `from` up to `end` of the table, of so many policies, with or without a rule that can match. */
interface Range {
  readonly from: number;
  readonly end: number;
  readonly policies: number;
}

/** Every way in which policies come to an effect, as a number. */
const endings = {
  'custom-policy': 0,
  'invalid-token': 1,
  'deny-policy': 2,
  'allow-policy': 3,
  'no-allow-match': 4,
  'no-allow-policy': 5,
  'no-policy': 6,
} as const;

type Ending = keyof typeof endings;

const endingCount = Object.keys(endings).length;
/** About what a conclusion takes, and one more policy in a list of those that match. */
const conclusionBytes = 500;
const auditBytes = 200;
const noRule = -1;
const noPolicies = -2;

/**
 * All policies of one gate and layer in one table, those that decide first before the others, and what they come to (reference section
 * 2.1). Of equal outcomes there is one `Conclusion`, made by `conclude` when the first of them comes up.
 */
export class PolicyTable<Conclusion> implements Keeper {
  readonly table: Table<Facts>;
  readonly #turn = new Turn();
  readonly #matches: RuleMatch[] = [];
  /** For each rule, the first rule of the next policy. */
  readonly #policyEnds: number[] = [];
  readonly #policies: number;
  readonly #ranges: Readonly<Record<Exclude<Part, 'none'>, Range>>;
  /** How many things are remembered at most. */
  readonly #limit: number;
  /** Nothing is logged or tried out, so that what decides is all there is to say. */
  readonly #isPlain: boolean;
  readonly #plain: (Conclusion | undefined)[] = [];
  #remembered = 0;
  readonly #conclusions = new Remembered<Conclusion>();
  readonly #audits = new Remembered<number>();
  readonly #audited: (readonly RuleMatch[])[] = [[]];
  readonly #share: MemoryShare;
  /** What is remembered is to be forgotten before the next decision. */
  #isStale = false;

  constructor(
    policies: readonly CompiledPolicy[],
    private readonly options: CompileOptions,
    private readonly conclude: (outcome: Outcome<RuleMatch>) => Conclusion,
  ) {
    const rules: CompiledRule<Facts>[] = [];
    const range = (part: Part): Range => {
      const own = policies.filter((policy) => policy.part === part);
      const from = rules.length;
      for (const policy of own) {
        const end = rules.length + policy.rules.length;
        for (const { match, compiled } of policy.rules) {
          rules.push(compiled);
          this.#matches.push(match);
          this.#policyEnds.push(end);
        }
      }
      return { from, end: rules.length, policies: own.length };
    };
    this.#ranges = {
      custom: range('custom'),
      deny: range('deny'),
      allow: range('allow'),
      audit: range('audit'),
      'deny-dry-run': range('deny-dry-run'),
      'allow-dry-run': range('allow-dry-run'),
    };
    this.#policies = policies.length;
    const { audit, 'deny-dry-run': deny, 'allow-dry-run': allow } = this.#ranges;
    this.#isPlain = audit.policies + deny.policies + allow.policies === 0;
    this.table = compileTable(rules, options);
    this.#limit = Math.max(1 << 12, 4 * rules.length);
    this.#share = (options.memory ?? new TableMemory(Number.POSITIVE_INFINITY)).shareOf(this);
  }

  /** What the policies come to. Throws where facts, while they are read, ask for another decision of the same table. */
  decide(facts: Facts, custom: CustomSettled, memo?: ConnectionMemo): Conclusion {
    if (this.#isStale) this.forget();
    this.#turn.take();
    try {
      return this.#decided(facts, custom, memo);
    } finally {
      this.#turn.leave();
    }
  }

  /** In the middle of a decision the numbers of lists are in use, so that it has to wait. */
  forget(): void {
    this.#isStale = this.#turn.isTaken;
    if (!this.#isStale) this.#forgetConclusions();
  }

  #decided(facts: Facts, custom: CustomSettled, memo: ConnectionMemo | undefined): Conclusion {
    this.table.begin(facts, memo);
    const customRule = custom === 'custom-unsettled' ? this.#first('custom') : noRule;
    if (customRule >= 0) return this.#concluded('custom-policy', customRule);
    if (facts.http?.tokenRefused === true) return this.#concluded('invalid-token', noRule);
    const denyRule = this.#first('deny');
    if (denyRule >= 0) return this.#concluded('deny-policy', denyRule);
    const allowRule = this.#first('allow');
    if (allowRule >= 0) return this.#concluded('allow-policy', allowRule);
    if (this.#ranges.allow.policies > 0) return this.#concluded('no-allow-match', noRule);
    return this.#concluded(this.#policies === 0 ? 'no-policy' : 'no-allow-policy', noRule);
  }

  #first(part: Exclude<Part, 'none'>): number {
    const { from, end } = this.#ranges[part];
    return from === end ? noRule : this.table.next(from, end);
  }

  #concluded(reason: Ending, rule: number): Conclusion {
    const audit = this.#ranges.audit.from === this.#ranges.audit.end ? 0 : this.#auditList();
    const deny = this.#ranges['deny-dry-run'].policies === 0 ? noPolicies : this.#first('deny-dry-run');
    const allow = this.#ranges['allow-dry-run'].policies === 0 ? noPolicies : this.#first('allow-dry-run');
    if (!this.options.internedOutcomes) return this.conclude(this.#outcome(reason, rule, audit, deny, allow));
    const first = endingCount * (rule + 1) + endings[reason];
    if (this.#isPlain) {
      const known = this.#plain[first];
      if (known !== undefined) return known;
      const conclusion = this.#shared(this.#outcome(reason, rule, audit, deny, allow));
      this.#plain[first] = conclusion;
      return conclusion;
    }
    const width = this.#matches.length + 2;
    const second = (audit * width + deny + 2) * width + allow + 2;
    const known = this.#conclusions.get(first, second);
    if (known !== undefined) return known;
    const outcome = this.#outcome(reason, rule, audit, deny, allow);
    this.#count(conclusionBytes + auditBytes * outcome.audit.length);
    return this.#conclusions.set(first, second, this.#shared(outcome));
  }

  /** A conclusion that is answered again and again, so that nobody may change it. */
  #shared(outcome: Outcome<RuleMatch>): Conclusion {
    const conclusion = this.conclude(outcome);
    Object.freeze(conclusion);
    return conclusion;
  }

  /** A number for the AUDIT policies that match: the list before with one more, step by step. */
  #auditList(): number {
    const { from, end } = this.#ranges.audit;
    let list = 0;
    for (let rule = this.table.next(from, end); rule >= 0; ) {
      list = this.#audits.get(list, rule) ?? this.#longer(list, rule);
      const next = this.#policyEnds[rule] ?? end;
      rule = next < end ? this.table.next(next, end) : noRule;
    }
    return list;
  }

  #longer(list: number, rule: number): number {
    const matches = [...(this.#audited[list] ?? []), ...this.#matchOf(rule)];
    this.#count(conclusionBytes + 8 * matches.length);
    const longer = this.#audited.push(matches) - 1;
    return this.#audits.set(list, rule, longer);
  }

  #count(bytes: number): void {
    if (++this.#remembered > this.#limit) this.#isStale = true;
    this.#share.keep(bytes);
  }

  #forgetConclusions(): void {
    this.#share.release();
    this.#remembered = 0;
    this.#audited.length = 1;
    this.#audits.clear();
    this.#conclusions.clear();
  }

  #outcome(reason: Ending, rule: number, audit: number, deny: number, allow: number): Outcome<RuleMatch> {
    return {
      effect: reason === 'allow-policy' || reason === 'no-allow-policy' || reason === 'no-policy' ? 'allow' : 'deny',
      reason,
      decisive: this.#matchOf(rule),
      audit: this.#audited[audit] ?? [],
      shadow: {
        ...(deny === noPolicies ? {} : { deny: this.#shadow(deny, 'deny', 'allow') }),
        ...(allow === noPolicies ? {} : { allow: this.#shadow(allow, 'allow', 'deny') }),
      },
    };
  }

  #shadow(rule: number, matched: 'allow' | 'deny', unmatched: 'allow' | 'deny'): Shadow<RuleMatch> {
    const [match] = this.#matchOf(rule);
    return match === undefined ? { effect: unmatched } : { effect: matched, match };
  }

  #matchOf(rule: number): readonly RuleMatch[] {
    const match = this.#matches[rule];
    return match === undefined ? [] : [match];
  }
}
