import { emptyMask, type Mask, summarize } from './mask.js';
import { MaskCache } from './mask-cache.js';
import type { CompileOptions } from './options.js';
import type { QuestionSet } from './question-set.js';

/** Makes the masks of a dimension from answers to its questions, and keeps some of them. */
export class Masks<Subject> {
  /** Of a subject that has nothing there. */
  readonly absent: Mask;
  /** Of a subject of which nothing can be said yet. */
  readonly awaited: Mask;
  /** For what is not kept. */
  readonly #scratch: Mask;
  readonly #cache: MaskCache | undefined;

  /** `width` numbers say what a mask is made for. */
  constructor(
    private readonly questions: QuestionSet<Subject>,
    rows: number,
    width: number,
    options: CompileOptions,
  ) {
    this.absent = emptyMask(rows);
    this.awaited = emptyMask(rows);
    this.#scratch = emptyMask(rows);
    this.#cache = options.maskBytes === 0 ? undefined : new MaskCache(width, rows, options);
    questions.write(this.absent.words);
    summarize(this.absent);
    questions.writeAwaited(this.awaited.words);
    summarize(this.awaited);
  }

  /** The mask that was made for a key, if it is still kept. */
  kept(key: Int32Array): Mask | undefined {
    return this.#cache?.get(key);
  }

  /** Makes the mask for the answers that `questions` has been told, to be kept under the key. */
  make(key: Int32Array): Mask {
    return this.#fill(this.#cache?.take(key) ?? this.#scratch);
  }

  /** Makes the mask for the answers that `questions` has been told, for this once. */
  makeOnce(): Mask {
    return this.#fill(this.#scratch);
  }

  /** Forgets what was kept, as the numbers in keys have lost their meaning. */
  forgetKept(): void {
    this.#cache?.clear();
  }

  #fill(mask: Mask): Mask {
    this.questions.write(mask.words);
    summarize(mask);
    return mask;
  }
}
