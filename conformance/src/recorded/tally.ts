/** One thing on which the engine and the record disagree. */
export interface Disagreement {
  /** File, and query or manifest in it. */
  readonly where: string;
  /** What was expected, what came, and what was in force: one line each. */
  readonly lines: readonly string[];
}

/** What a run comes to. */
export class Tally {
  passed = 0;
  readonly disagreements: Disagreement[] = [];
  readonly #skipped = new Map<string, number>();

  /** Counts one judged thing: without lines it agrees. */
  judge(where: string, lines: readonly string[]): void {
    if (lines.length === 0) this.passed += 1;
    else this.disagreements.push({ where, lines });
  }

  skip(reason: string, count = 1): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + count);
  }

  /** How many things were skipped for each reason, most first. */
  get skipped(): readonly (readonly [reason: string, count: number])[] {
    return [...this.#skipped].sort(([, a], [, b]) => b - a);
  }

  /** `N passed, N failed, N skipped`. */
  get summary(): string {
    const skipped = this.skipped.reduce((sum, [, count]) => sum + count, 0);
    return `${this.passed} passed, ${this.disagreements.length} failed, ${skipped} skipped`;
  }
}
