import { emptyMask, type Mask, summarize } from './mask.js';
import { MaskCache } from './mask-cache.js';
import type { CompileOptions } from './options.js';
import { PatchedMask } from './patched-mask.js';
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
  /** For answers that change only a few rows: quicker made than found. */
  readonly #patched: PatchedMask | undefined;

  /** `width` numbers say what a mask is made for. */
  constructor(
    private readonly questions: QuestionSet<Subject>,
    rows: number,
    width: number,
    private readonly options: CompileOptions,
  ) {
    this.absent = emptyMask(rows);
    this.awaited = emptyMask(rows);
    this.#scratch = emptyMask(rows);
    this.#cache = options.maskBytes === 0 ? undefined : new MaskCache(width, rows, options);
    questions.write(this.absent.words);
    summarize(this.absent);
    questions.writeAwaited(this.awaited.words);
    summarize(this.awaited);
    this.#patched = options.patchUpTo === 0 ? undefined : new PatchedMask(this.absent);
  }

  /** The mask that was made for a key, if it is still kept. */
  kept(key: Int32Array): Mask | undefined {
    return this.#cache?.get(key);
  }

  /** Makes the mask for the answers that `questions` has been told, to be kept under the key where that is worth it. */
  make(key: Int32Array): Mask {
    return this.#patch() ?? this.#fill(this.#cache?.take(key) ?? this.#scratch);
  }

  /** Makes the mask for the answers that `questions` has been told, for this once. */
  makeOnce(): Mask {
    return this.#patch() ?? this.#fill(this.#scratch);
  }

  /** Forgets what was kept, as the numbers in keys have lost their meaning. */
  forgetKept(): void {
    this.#cache?.clear();
  }

  #patch(): Mask | undefined {
    if (this.#patched === undefined || this.questions.changes > this.options.patchUpTo) return undefined;
    this.questions.patch(this.#patched);
    return this.#patched;
  }

  #fill(mask: Mask): Mask {
    this.questions.write(mask.words);
    summarize(mask);
    return mask;
  }
}
