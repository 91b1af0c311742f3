import { assertNever } from '../assert-never.js';
import { ExactTexts } from './classify/exact.js';
import { Intervals } from './classify/intervals.js';
import type { Hits } from './classify/scanner.js';
import { namespaceStart } from './classify/spiffe-form.js';
import { type TextScanners, textScanners } from './classify/text-scanners.js';
import type { TextReading } from './dimension.js';
import { type CompileOptions, unprefixed } from './options.js';
import type { Pattern } from './pattern.js';
import type { CompiledRule, Conjunction, Literal } from './rule.js';
import type { Table } from './table.js';

type Test<Subject> = (subject: Subject) => boolean;

/** Few rules, asked one by one: for so few that is the fastest way. */
export class Closures<Subject> implements Table<Subject> {
  readonly kind = 'closures';
  readonly #rules: readonly (readonly (readonly Test<Subject>[])[])[];
  #subject: Subject | undefined;

  constructor(
    rules: readonly CompiledRule<Subject>[],
    private readonly options: CompileOptions,
  ) {
    this.#rules = rules.map(({ groups }) =>
      groups.map((group) => group.map((conjunction) => conjunctionTest(conjunction, options))),
    );
  }

  begin(subject: Subject): void {
    const { tally } = this.options;
    if (tally !== undefined) tally.closures += 1;
    this.#subject = subject;
  }

  next(from: number, end: number): number {
    const subject = this.#subject;
    if (subject === undefined) return -1;
    for (let rule = from; rule < end; rule++) if (matches(this.#rules[rule] ?? [[]], subject)) return rule;
    return -1;
  }

  choice(rule: number, group: number): number {
    const subject = this.#subject;
    if (subject === undefined) return -1;
    const tests = this.#rules[rule]?.[group] ?? [];
    for (let at = 0; at < tests.length; at++) if (tests[at]?.(subject) === true) return at;
    return -1;
  }
}

function matches<Subject>(groups: readonly (readonly Test<Subject>[])[], subject: Subject): boolean {
  for (const group of groups) if (!holdsOne(group, subject)) return false;
  return true;
}

function holdsOne<Subject>(group: readonly Test<Subject>[], subject: Subject): boolean {
  for (const test of group) if (test(subject)) return true;
  return false;
}

function conjunctionTest<Subject>(conjunction: Conjunction<Subject>, options: CompileOptions): Test<Subject> {
  const tests = conjunction.map((literal) => literalTest(literal, options));
  return (subject) => {
    for (const test of tests) if (!test(subject)) return false;
    return true;
  };
}

function literalTest<Subject>(literal: Literal<Subject>, options: CompileOptions): Test<Subject> {
  const { dimension, negated, whenAwaited } = literal;
  const { isAwaited } = dimension;
  const answer = answerTo(literal, options);
  if (isAwaited !== undefined) return (subject) => (isAwaited(subject) ? whenAwaited : answer(subject) !== negated);
  return negated ? (subject) => !answer(subject) : answer;
}

function answerTo<Subject>({ dimension, patterns, general }: Literal<Subject>, options: CompileOptions): Test<Subject> {
  switch (dimension.kind) {
    case 'text': {
      const test = textTest(patterns, options);
      return (subject) => anyMatches(dimension.read(subject), test);
    }
    case 'identity': {
      const test = textTest(patterns, options);
      // Whole names are the same of an identity in any form.
      if (patterns.every(({ kind }) => kind === 'exact')) return (subject) => anyMatches(dimension.read(subject), test);
      const either = (text: string) => (namespaceStart(text) < 0 ? general?.test(text) === true : test(text));
      return (subject) => anyMatches(dimension.read(subject), either);
    }
    case 'pair': {
      const { automaton } = textScanners([patterns], unprefixed(options), nothingKept);
      return (subject) => {
        const pair = dimension.read(subject);
        return pair !== undefined && automaton !== undefined && automaton.scanPair(pair[0], pair[1]) !== 0;
      };
    }
    case 'address': {
      const intervals = new Intervals();
      for (const pattern of patterns) if (pattern.kind === 'range') intervals.add(pattern.range, 0);
      intervals.finish();
      return (subject) => {
        const address = dimension.read(subject);
        return address !== undefined && intervals.scan(address) !== 0;
      };
    }
    case 'number': {
      const values = patterns.flatMap((pattern) => (pattern.kind === 'number' ? [pattern.value] : []));
      return (subject) => values.includes(dimension.read(subject));
    }
    default:
      return assertNever(dimension);
  }
}

/** An answer is asked for and used at once. */
function nothingKept(): void {}
function textTest(patterns: readonly Pattern[], options: CompileOptions): (text: string) => boolean {
  const [only] = patterns;
  const plain = only !== undefined && patterns.length === 1 ? plainTest(only) : undefined;
  return plain ?? scannerTest(textScanners([patterns], unprefixed(options), nothingKept));
}

/** One literal is compared where it is. */
function plainTest(pattern: Pattern): ((text: string) => boolean) | undefined {
  switch (pattern.kind) {
    case 'exact':
      return (text) => text === pattern.text;
    case 'prefix':
      return (text) => text.startsWith(pattern.text);
    case 'suffix':
      return (text) => text.endsWith(pattern.text);
    default:
      return undefined;
  }
}

/** Any answer at all is a yes where there is one question. */
function scannerTest({ scanners, tests }: TextScanners): (text: string) => boolean {
  const [only] = scanners;
  if (only instanceof ExactTexts && scanners.length === 1 && tests.length === 0) return (text) => only.has(text);
  const answer = new Answer();
  return (text) => {
    answer.yes = false;
    for (const scanner of scanners) {
      scanner.report(scanner.scan(text), answer);
      if (answer.yes) return true;
    }
    for (const { test } of tests) if (test(text)) return true;
    return false;
  };
}

class Answer implements Hits {
  yes = false;

  hit(): void {
    this.yes = true;
  }
}

function anyMatches(reading: TextReading, test: (text: string) => boolean): boolean {
  if (reading === undefined) return false;
  if (typeof reading === 'string') return test(reading);
  for (const text of reading) if (test(text)) return true;
  return false;
}
