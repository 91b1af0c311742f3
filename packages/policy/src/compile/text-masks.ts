import { namespaceStart } from './classify/spiffe-form.js';
import { type TextScanners, textScanners } from './classify/text-scanners.js';
import type { TextReading } from './dimension.js';
import type { Mask } from './mask.js';
import { Masks } from './masks.js';
import type { CompileOptions } from './options.js';
import type { QuestionSet } from './question-set.js';

/**
 * The masks of a dimension of texts. One text is classified by every scanner, and the numbers that come out are what its mask is kept
 * under. Several texts are worth what any of them is worth: their answers are put together, and the mask is made anew.
 */
export class TextMasks<Subject> {
  readonly masks: Masks<Subject>;
  readonly #by: TextScanners;
  readonly #key: Int32Array;

  constructor(
    private readonly questions: QuestionSet<Subject>,
    private readonly kind: 'text' | 'identity',
    rows: number,
    options: CompileOptions,
  ) {
    this.#by = textScanners(questions.patterns, options, () => this.masks.forgetKept());
    this.#key = new Int32Array(this.#by.scanners.length);
    this.masks = new Masks(questions, rows, this.#key.length, options);
  }

  of(reading: TextReading): Mask {
    // What was thrown in the middle of an earlier text may have left answers behind.
    this.questions.forget();
    if (reading === undefined) return this.masks.absent;
    if (typeof reading === 'string') return this.#ofOne(reading);
    const only = reading[0];
    if (only === undefined) return this.masks.absent;
    return reading.length === 1 ? this.#ofOne(only) : this.#ofSeveral(reading);
  }

  #ofOne(text: string): Mask {
    if (this.kind === 'identity' && namespaceStart(text) < 0) return this.#ofGeneral(text);
    const { scanners, prefixed, tests } = this.#by;
    for (let at = 0; at < scanners.length; at++) this.#key[at] = scanners[at]?.scan(text) ?? 0;
    prefixed?.ask(text, this.questions);
    for (const { question, test } of tests) if (test(text)) this.questions.hit(question);
    const loose = this.questions.isAnswered;
    const kept = loose ? undefined : this.masks.kept(this.#key);
    if (kept !== undefined) return kept;
    this.#report();
    return loose ? this.masks.makeOnce() : this.masks.make(this.#key);
  }

  #ofSeveral(texts: readonly string[]): Mask {
    const { scanners, prefixed, tests } = this.#by;
    for (const text of texts) {
      for (let at = 0; at < scanners.length; at++) this.#key[at] = scanners[at]?.scan(text) ?? 0;
      this.#report();
      prefixed?.ask(text, this.questions);
      for (const { question, test } of tests) if (test(text)) this.questions.hit(question);
    }
    return this.masks.makeOnce();
  }

  /** An identity of another form, which only upstream takes for one: nothing about its form may then be assumed. */
  #ofGeneral(identity: string): Mask {
    for (const [question, general] of this.questions.generals.entries()) {
      if (general?.test(identity)) this.questions.hit(question);
    }
    return this.masks.makeOnce();
  }

  #report(): void {
    const { scanners } = this.#by;
    for (let at = 0; at < scanners.length; at++) scanners[at]?.report(this.#key[at] ?? 0, this.questions);
  }
}
