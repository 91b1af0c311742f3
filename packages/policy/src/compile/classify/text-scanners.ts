import type { CompileOptions } from '../options.js';
import { anything, type Part, type Pattern, something, textPart } from '../pattern.js';
import { ExactTexts } from './exact.js';
import { LazyAutomaton } from './lazy-automaton.js';
import { type Direction, PrefixTree } from './prefix-tree.js';
import { PrefixedPatterns } from './prefixed-patterns.js';
import { Presence } from './presence.js';
import type { Scanner } from './scanner.js';
import { SpiffeForm } from './spiffe-form.js';

/** A question that is put to texts one at a time. */
interface TextTest {
  readonly question: number;
  readonly test: (text: string) => boolean;
}

/** What classifies the texts of a dimension: every scanner answers the questions that it is best at. */
export interface TextScanners {
  readonly scanners: readonly Scanner[];
  /** What only an automaton can tell of a pair of texts. */
  readonly automaton?: LazyAutomaton;
  /** Has no number for what it finds, as it has nothing of its own to forget. */
  readonly prefixed?: PrefixedPatterns;
  readonly tests: readonly TextTest[];
}

/**
 * Builds the scanners for the questions of a dimension, each a list of patterns. `forgotten` is told that numbers have lost their meaning,
 * never before the first scan.
 */
export function textScanners(
  questions: readonly (readonly Pattern[])[],
  options: CompileOptions,
  forgotten: () => void,
): TextScanners {
  const sorted = new Sorted(options, forgotten);
  for (const [question, patterns] of questions.entries()) for (const pattern of patterns) sorted.add(pattern, question);
  return sorted.finish();
}

/** Patterns by the scanner that they go to. */
class Sorted {
  #exact?: ExactTexts;
  #presence?: Presence;
  #namespaces?: SpiffeForm;
  #accounts?: SpiffeForm;
  #automaton?: LazyAutomaton;
  readonly #prefixes = new Map<string, number[]>();
  readonly #suffixes = new Map<string, number[]>();
  readonly #parts: { readonly parts: readonly Part[]; readonly question: number }[] = [];
  readonly #tests: TextTest[] = [];

  constructor(
    private readonly options: CompileOptions,
    private readonly forgotten: () => void,
  ) {}

  add(written: Pattern, question: number): void {
    const pattern = this.#isApart(written) ? written : { kind: 'parts' as const, parts: partsOf(written) };
    switch (pattern.kind) {
      case 'exact':
        this.#exact ??= new ExactTexts();
        this.#exact.add(pattern.text, question);
        break;
      case 'prefix':
      case 'suffix':
        if (pattern.text === '') this.#present('any', question);
        else collect(pattern.kind === 'prefix' ? this.#prefixes : this.#suffixes, pattern.text, question);
        break;
      case 'non-empty':
        this.#present('non-empty', question);
        break;
      case 'parts':
        this.#parts.push({ parts: pattern.parts, question });
        break;
      case 'spiffe':
        this.#spiffe(pattern.place, pattern.text, question);
        break;
      case 'test':
        this.#tests.push({ question, test: pattern.test });
        break;
      default:
        throw new TypeError(`a text is not matched with a ${pattern.kind}`);
    }
  }

  finish(): TextScanners {
    const prefixed = this.#addParts();
    for (const looked of [this.#exact, this.#namespaces, this.#accounts]) looked?.finish(this.options);
    this.#automaton?.finish();
    prefixed?.finish();
    const trees = [tree(this.#prefixes, 'forward'), tree(this.#suffixes, 'backward')];
    const all = [this.#exact, this.#presence, ...trees, this.#namespaces, this.#accounts, this.#automaton];
    return {
      scanners: all.filter((scanner) => scanner !== undefined),
      tests: this.#tests,
      ...(this.#automaton === undefined ? {} : { automaton: this.#automaton }),
      ...(prefixed === undefined ? {} : { prefixed }),
    };
  }

  /** Few literals at the beginning are no burden to an automaton, which then has a number for all that a text answers. */
  #addParts(): PrefixedPatterns | undefined {
    const prefixes = new Set(this.#parts.map(({ parts }) => prefixOf(parts)).filter((prefix) => prefix !== ''));
    const prefixed = prefixes.size < this.options.prefixedFrom ? undefined : new PrefixedPatterns(this.options);
    for (const { parts, question } of this.#parts) {
      const prefix = prefixOf(parts);
      if (prefixed !== undefined && prefix !== '') prefixed.add(prefix, parts.slice(1), question);
      else {
        this.#automaton ??= new LazyAutomaton(this.options, this.forgotten);
        this.#automaton.add(parts, question);
      }
    }
    return prefixed;
  }

  #present(wants: 'any' | 'non-empty', question: number): void {
    this.#presence ??= new Presence();
    this.#presence.add(question, wants);
  }

  #spiffe(place: 'namespace' | 'account', text: string, question: number): void {
    if (place === 'namespace') this.#namespaces ??= new SpiffeForm(place);
    else this.#accounts ??= new SpiffeForm(place);
    (place === 'namespace' ? this.#namespaces : this.#accounts)?.add(text, question);
  }

  /** Whether the scanner that is best at a pattern is in use. */
  #isApart({ kind }: Pattern): boolean {
    if (kind === 'exact') return this.options.exactLookup;
    if (kind === 'prefix' || kind === 'suffix') return this.options.prefixTrees;
    return kind !== 'spiffe' || this.options.spiffeForm;
  }
}

/** A pattern as the automaton wants it, which can tell everything. */
function partsOf(pattern: Pattern): readonly Part[] {
  switch (pattern.kind) {
    case 'exact':
      return [textPart(pattern.text)];
    case 'prefix':
      return [textPart(pattern.text), anything];
    case 'suffix':
      return [anything, textPart(pattern.text)];
    case 'spiffe': {
      const name: Part = { kind: 'run', of: 'no-slash', atLeast: 1 };
      const beginning = [textPart('spiffe://'), name, textPart(`/ns/${pattern.text}`)];
      return pattern.place === 'account' ? beginning : [...beginning, textPart('/sa/'), something];
    }
    default:
      throw new TypeError(`a ${pattern.kind} has no parts`);
  }
}

/** The literal that a pattern begins with. */
function prefixOf([first]: readonly Part[]): string {
  return first?.kind === 'text' ? first.text : '';
}

function tree(patterns: ReadonlyMap<string, readonly number[]>, direction: Direction): PrefixTree | undefined {
  return patterns.size === 0 ? undefined : new PrefixTree(patterns, direction);
}

function collect(patterns: Map<string, number[]>, text: string, question: number): void {
  const known = patterns.get(text);
  if (known === undefined) patterns.set(text, [question]);
  else known.push(question);
}
