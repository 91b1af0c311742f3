import { addRow, removeRow } from './mask.js';
import type { CompileOptions } from './options.js';
import type { PatchedMask } from './patched-mask.js';
import type { Pattern } from './pattern.js';
import { RowSet } from './row-set.js';
import type { GeneralQuestion, Literal } from './rule.js';

/** Rows that look at one dimension more than once: all of its questions have to be answered as it wants. */
interface Several {
  readonly row: number;
  readonly wants: readonly { readonly question: number; readonly negated: boolean }[];
}

/**
 * The questions that rows ask of one dimension, each kept once however many rows ask it, and which rows follow from which answers. A
 * row that asks one question is turned on or off by the answer; a row that asks several is looked at as a whole.
 */
export class QuestionSet<Subject> {
  readonly patterns: (readonly Pattern[])[] = [];
  readonly generals: (GeneralQuestion | undefined)[] = [];
  readonly #known = new Map<string, number>();
  readonly #on: RowSet[] = [];
  readonly #off: RowSet[] = [];
  readonly #several: Several[][] = [];
  readonly #base: Int32Array;
  readonly #awaited: Int32Array;
  #yes = new Uint8Array(0);
  readonly #hits: number[] = [];
  #count = 0;
  /** How many rows each answer turns on or off. */
  #weights = new Float64Array(0);
  #changes = 0;

  constructor(
    rows: number,
    private readonly options: CompileOptions,
  ) {
    const words = Math.max(1, (rows + 31) >>> 5);
    this.#base = new Int32Array(words).fill(-1);
    this.#awaited = new Int32Array(words).fill(-1);
  }

  /** What a row asks of this dimension. */
  add(row: number, literals: readonly Literal<Subject>[]): void {
    if (!literals.every(({ negated }) => negated)) removeRow(this.#base, row);
    if (!literals.every(({ whenAwaited }) => whenAwaited)) removeRow(this.#awaited, row);
    const wants = literals.map((literal) => ({ question: this.#questionOf(literal), negated: literal.negated }));
    const [only] = wants;
    if (only !== undefined && wants.length === 1) (only.negated ? this.#off : this.#on)[only.question]?.add(row);
    else for (const { question } of wants) this.#several[question]?.push({ row, wants });
  }

  /** To be called once, after the last row. */
  finish(): void {
    this.#yes = new Uint8Array(this.patterns.length);
    this.#weights = Float64Array.from(
      this.#on,
      (on, question) => on.listed + (this.#off[question]?.listed ?? 0) + (this.#several[question]?.length ?? 0),
    );
  }

  /** The answer to a question is yes. */
  hit(question: number): void {
    if (this.#yes[question] !== 0) return;
    this.#yes[question] = 1;
    this.#hits[this.#count++] = question;
    this.#changes += this.#weights[question] ?? 0;
  }

  /** Whether any answer so far is yes. */
  get isAnswered(): boolean {
    return this.#count > 0;
  }

  /** How many rows the answers so far turn on or off; infinite where they are too many to be listed. */
  get changes(): number {
    return this.#changes;
  }

  /** Writes the rows that the answers so far leave to a mask that has as its base those without an answer, and forgets the answers. */
  patch(mask: PatchedMask): void {
    mask.reset();
    for (let at = 0; at < this.#count; at++) {
      const question = this.#hits[at] ?? 0;
      this.#on[question]?.patchOn(mask);
      this.#off[question]?.patchOff(mask);
      for (const { row, wants } of this.#several[question] ?? []) {
        if (this.#satisfies(wants)) mask.add(row);
        else mask.remove(row);
      }
    }
    this.forget();
  }

  /** Writes the rows that the answers so far leave, and forgets the answers. */
  write(words: Int32Array): void {
    words.set(this.#base);
    for (let at = 0; at < this.#count; at++) {
      const question = this.#hits[at] ?? 0;
      this.#on[question]?.addTo(words);
      this.#off[question]?.removeFrom(words);
      for (const { row, wants } of this.#several[question] ?? []) {
        if (this.#satisfies(wants)) addRow(words, row);
        else removeRow(words, row);
      }
    }
    this.forget();
  }

  /** Writes the rows that are left while nothing can be said yet. */
  writeAwaited(words: Int32Array): void {
    words.set(this.#awaited);
  }

  /** Forgets the answers so far. */
  forget(): void {
    for (let at = 0; at < this.#count; at++) this.#yes[this.#hits[at] ?? 0] = 0;
    this.#count = 0;
    this.#changes = 0;
  }

  #satisfies(wants: Several['wants']): boolean {
    for (const { question, negated } of wants) if ((this.#yes[question] === 1) === negated) return false;
    return true;
  }

  #questionOf({ patterns, general }: Literal<Subject>): number {
    const key = patterns.some(({ kind }) => kind === 'test') ? undefined : keyOf(patterns, general);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const question = this.patterns.push(patterns) - 1;
    if (key !== undefined) this.#known.set(key, question);
    this.generals.push(general);
    this.#on.push(new RowSet(this.#base.length, this.options.denseRowSets));
    this.#off.push(new RowSet(this.#base.length, this.options.denseRowSets));
    this.#several.push([]);
    return question;
  }
}

/** Patterns that ask the same of identities in the SPIFFE form can ask different things of others. */
function keyOf(patterns: readonly Pattern[], general: GeneralQuestion | undefined): string {
  let key = `${general?.about}`;
  for (const pattern of patterns) key += patternKey(pattern);
  return key;
}

/** The same for equal patterns only, also where several stand one behind the other: texts tell their length. */
function patternKey(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return ` ${pattern.kind} ${pattern.text.length} ${pattern.text}`;
    case 'spiffe':
      return ` ${pattern.place} ${pattern.text.length} ${pattern.text}`;
    case 'range':
      return ` ${pattern.range.address.bits} ${pattern.range.address.value}/${pattern.range.length}`;
    default:
      return ` ${JSON.stringify(pattern)}`;
  }
}
