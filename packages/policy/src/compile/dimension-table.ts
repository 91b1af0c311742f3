import { assertNever } from '../assert-never.js';
import { Intervals } from './classify/intervals.js';
import { Numbers } from './classify/numbers.js';
import type { Hits } from './classify/scanner.js';
import { textScanners } from './classify/text-scanners.js';
import type { Dimension } from './dimension.js';
import type { Mask } from './mask.js';
import { Masks } from './masks.js';
import { type CompileOptions, unprefixed } from './options.js';
import type { Pattern } from './pattern.js';
import { QuestionSet } from './question-set.js';
import type { Literal } from './rule.js';
import { TextMasks } from './text-masks.js';

/**
 * Which rows one dimension leaves of a table, for any subject. The mask that it answers with is its own, and good until it is asked
 * again.
 */
export interface DimensionTable<Subject> {
  readonly perConnection: boolean;
  /** Of a subject that has nothing there. */
  readonly absent: Mask;
  mask(subject: Subject): Mask;
}

/** The literals of one row that are about the dimension. */
export interface RowLiterals<Subject> {
  readonly row: number;
  readonly literals: readonly Literal<Subject>[];
}

/** What the table of a dimension is built from. */
interface Parts<Subject> {
  readonly questions: QuestionSet<Subject>;
  readonly rows: number;
  readonly options: CompileOptions;
}

/** Builds the table of one dimension. */
export function dimensionTable<Subject>(
  dimension: Dimension<Subject>,
  asked: readonly RowLiterals<Subject>[],
  rows: number,
  options: CompileOptions,
): DimensionTable<Subject> {
  const questions = new QuestionSet<Subject>(rows, options);
  for (const { row, literals } of asked) questions.add(row, literals);
  questions.finish();
  const { perConnection, isAwaited } = dimension;
  const parts = { questions, rows, options };
  const { masks, read } = readerOf(dimension, parts);
  const { absent, awaited } = masks;
  if (isAwaited === undefined) return { perConnection, absent, mask: read };
  return { perConnection, absent, mask: (subject) => (isAwaited(subject) ? awaited : read(subject)) };
}

/** What a dimension reads, as a mask, and where that comes from. */
interface Reader<Subject> {
  readonly masks: Pick<Masks<Subject>, 'absent' | 'awaited'>;
  readonly read: (subject: Subject) => Mask;
}

function readerOf<Subject>(dimension: Dimension<Subject>, parts: Parts<Subject>): Reader<Subject> {
  switch (dimension.kind) {
    case 'text':
    case 'identity': {
      const texts = new TextMasks(parts.questions, dimension.kind, parts.rows, parts.options);
      return { masks: texts.masks, read: (subject) => texts.of(dimension.read(subject)) };
    }
    case 'pair': {
      const { automaton } = textScanners(parts.questions.patterns, unprefixed(parts.options), () => masks.forgetKept());
      const { masks, of } = single(parts, automaton);
      const read = (subject: Subject) => {
        const pair = dimension.read(subject);
        return of(pair === undefined || automaton === undefined ? 0 : automaton.scanPair(pair[0], pair[1]));
      };
      return { masks, read };
    }
    case 'address': {
      const intervals = new Intervals();
      eachPattern(parts, (pattern, question) => {
        if (pattern.kind === 'range') intervals.add(pattern.range, question);
      });
      intervals.finish();
      const { masks, of } = single(parts, intervals);
      const read = (subject: Subject) => {
        const address = dimension.read(subject);
        return of(address === undefined ? 0 : intervals.scan(address));
      };
      return { masks, read };
    }
    case 'number': {
      const numbers = new Numbers();
      eachPattern(parts, (pattern, question) => {
        if (pattern.kind === 'number') numbers.add(pattern.value, question);
      });
      const { masks, of } = single(parts, numbers);
      return { masks, read: (subject) => of(numbers.scan(dimension.read(subject))) };
    }
    default:
      return assertNever(dimension);
  }
}

function eachPattern<Subject>({ questions }: Parts<Subject>, visit: (pattern: Pattern, question: number) => void): void {
  for (const [question, patterns] of questions.patterns.entries()) for (const pattern of patterns) visit(pattern, question);
}

/** The masks of a dimension that is classified by one number. */
function single<Subject>(
  { questions, rows, options }: Parts<Subject>,
  source: { report(id: number, hits: Hits): void } | undefined,
): { readonly masks: Masks<Subject>; readonly of: (id: number) => Mask } {
  const masks = new Masks(questions, rows, 1, options);
  const key = new Int32Array(1);
  const of = (id: number) => {
    if (id === 0) return masks.absent;
    key[0] = id;
    const kept = masks.kept(key);
    if (kept !== undefined) return kept;
    questions.forget();
    source?.report(id, questions);
    return masks.make(key);
  };
  return { masks, of };
}
