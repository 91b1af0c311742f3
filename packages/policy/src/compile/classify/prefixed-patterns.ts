import type { CompileOptions } from '../options.js';
import type { Part } from '../pattern.js';
import { LazyAutomaton } from './lazy-automaton.js';
import { PrefixTree } from './prefix-tree.js';
import type { Hits } from './scanner.js';

/**
 * Patterns that begin with a literal, by that literal: it is walked in a tree, and what is behind it by an automaton of the endings alone. Thousands of
 * templates that differ in their literals have a few endings, and so need a few states.
 */
export class PrefixedPatterns {
  readonly #endings: LazyAutomaton;
  readonly #endingIds = new Map<string, number>();
  readonly #prefixIds = new Map<string, number>();
  readonly #lengths: number[] = [];
  /** By prefix and then by ending, the questions that are answered with both. */
  readonly #questions: Map<number, number[]>[] = [];
  #tree = new PrefixTree(new Map(), 'forward');
  #text = '';
  #prefix = 0;
  #hits: Hits | undefined;
  readonly #eachPrefix: Hits = { hit: (prefix) => this.#ending(prefix) };
  readonly #eachEnding: Hits = { hit: (ending) => this.#answer(ending) };

  constructor(options: Pick<CompileOptions, 'transitions' | 'memory'>) {
    // An answer of the automaton is used at once.
    this.#endings = new LazyAutomaton(options, () => {});
  }

  add(prefix: string, ending: readonly Part[], question: number): void {
    const id = this.#prefixIds.get(prefix) ?? this.#newPrefix(prefix);
    const key = JSON.stringify(ending);
    const known = this.#endingIds.get(key);
    const endingId = known ?? this.#endingIds.size;
    if (known === undefined) {
      this.#endingIds.set(key, endingId);
      this.#endings.add(ending, endingId);
    }
    const own = this.#questions[id]?.get(endingId);
    if (own === undefined) this.#questions[id]?.set(endingId, [question]);
    else own.push(question);
  }

  /** To be called once, after the last pattern. */
  finish(): void {
    this.#endings.finish();
    this.#tree = new PrefixTree(new Map([...this.#prefixIds].map(([prefix, id]) => [prefix, [id]])), 'forward');
    this.#prefixIds.clear();
    this.#endingIds.clear();
  }

  /** Names the questions that a text answers. */
  ask(text: string, hits: Hits): void {
    this.#text = text;
    this.#hits = hits;
    this.#tree.report(this.#tree.scan(text), this.#eachPrefix);
  }

  #newPrefix(prefix: string): number {
    const id = this.#questions.push(new Map()) - 1;
    this.#prefixIds.set(prefix, id);
    this.#lengths.push(prefix.length);
    return id;
  }

  #ending(prefix: number): void {
    this.#prefix = prefix;
    this.#endings.report(this.#endings.scan(this.#text, this.#lengths[prefix]), this.#eachEnding);
  }

  #answer(ending: number): void {
    for (const question of this.#questions[this.#prefix]?.get(ending) ?? []) this.#hits?.hit(question);
  }
}
