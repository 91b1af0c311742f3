import type { CompileOptions } from '../options.js';
import type { Part } from '../pattern.js';
import { type Keeper, type MemoryShare, TableMemory } from '../table-memory.js';
import { CharacterClasses } from './character-classes.js';
import { PatternGraph } from './pattern-graph.js';
import type { Hits, Scanner } from './scanner.js';

const unknown = -1;
const dead = 0;
const start = 1;
const fewestStates = 8;
/** About what the objects around a state take. */
const stateOverhead = 256;

/**
 * Patterns with runs in them, as a deterministic automaton whose states are made when a text first comes by them. A step is one look
 * into a table, whatever the patterns. The table is emptied when it would outgrow its budget, or the memory that it shares with others, and filled
 * again by what comes, so that its memory is bounded whatever a client sends, and the cost of a text stays linear in its length. The numbers of its
 * answers begin anew each time, so that there are never more of them than states.
 */
export class LazyAutomaton implements Scanner, Keeper {
  /** Of the memory that the states take, the first few left out. */
  readonly #share: MemoryShare;
  readonly #graph = new PatternGraph();
  #classes = new CharacterClasses(new Set());
  /** One for each class, and one for the border. */
  #width = 0;
  #places: (readonly number[])[] = [];
  #states = new Map<string, number>();
  #transitions = new Int32Array(0);
  /** The number that stands for what a text answers which ends in a state. */
  #answers: number[] = [];
  #answerIds = new Map<string, number>();
  /** The questions behind each number. */
  #questions: (readonly number[])[] = [[]];

  /** `forgotten` is told when the numbers of answers lose their meaning. */
  constructor(
    private readonly options: Pick<CompileOptions, 'transitions' | 'memory'>,
    private readonly forgotten: () => void,
  ) {
    this.#share = (options.memory ?? new TableMemory(Number.POSITIVE_INFINITY)).shareOf(this);
  }

  add(parts: readonly Part[], question: number): void {
    this.#graph.add(parts, question);
  }

  /** To be called once, after the last pattern. */
  finish(): void {
    this.#classes = new CharacterClasses(this.#graph.named);
    this.#width = this.#classes.members.length + 1;
    this.#empty();
  }

  forget(): void {
    this.#empty();
    this.forgotten();
  }

  /** Takes the text from a place on. */
  scan(text: string, at = 0): number {
    return this.#answer(this.#run(text, start, at));
  }

  scanPair(first: string, second: string): number {
    const state = this.#run(first, start);
    const middle = state === dead ? dead : this.#step(state, this.#width - 1);
    return this.#answer(middle === dead ? dead : this.#run(second, middle));
  }

  report(id: number, hits: Hits): void {
    for (const question of this.#questions[id] ?? []) hits.hit(question);
  }

  #run(text: string, from: number, first = 0): number {
    let state = from;
    for (let at = first; at < text.length && state !== dead; at++) {
      state = this.#step(state, this.#classes.of(text.charCodeAt(at)));
    }
    return state;
  }

  #step(state: number, symbol: number): number {
    const known = this.#transitions[state * this.#width + symbol] ?? unknown;
    return known === unknown ? this.#discover(state, symbol) : known;
  }

  #discover(state: number, symbol: number): number {
    const places = this.#graph.after(this.#places[state] ?? [], this.#classes.members[symbol]);
    const key = places.join();
    const known = this.#states.get(key);
    if (known === undefined && !this.#hasRoom(places, key)) {
      // The state that was left is forgotten with all others, so that nothing leads to this one yet.
      return this.#intern(places, key);
    }
    const next = known ?? this.#intern(places, key);
    this.#transitions[state * this.#width + symbol] = next;
    return next;
  }

  /** Makes sure of the room for one more state; false where all others had to be forgotten for it. */
  #hasRoom(places: readonly number[], key: string): boolean {
    const bytes = 8 * this.#width + 8 * places.length + 2 * key.length + stateOverhead;
    if (this.#places.length >= fewestStates && this.#share.bytes + bytes > 8 * this.options.transitions) {
      this.#share.release();
      this.forget();
      return false;
    }
    return this.#share.keep(bytes);
  }

  #intern(places: readonly number[], key: string): number {
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#places.push(places) - 1;
    this.#states.set(key, state);
    this.#answers.push(unknown);
    const needed = (state + 1) * this.#width;
    if (needed > this.#transitions.length) this.#grow(needed);
    return state;
  }

  #grow(needed: number): void {
    const larger = new Int32Array(Math.max(needed, 2 * this.#transitions.length)).fill(unknown);
    larger.set(this.#transitions);
    this.#transitions = larger;
  }

  #empty(): void {
    this.#places = [];
    this.#states = new Map();
    this.#answers = [];
    this.#answerIds = new Map();
    this.#questions = [[]];
    this.#transitions = new Int32Array(0);
    this.#intern([], '');
    const places = this.#graph.start;
    this.#intern(places, places.join());
  }

  #answer(state: number): number {
    const known = this.#answers[state] ?? 0;
    if (known !== unknown) return known;
    const questions = this.#graph.endingAt(this.#places[state] ?? []);
    const id = questions.length === 0 ? 0 : this.#answerOf(questions);
    this.#answers[state] = id;
    return id;
  }

  #answerOf(questions: readonly number[]): number {
    const key = questions.join();
    const known = this.#answerIds.get(key);
    if (known !== undefined) return known;
    const id = this.#questions.push(questions) - 1;
    this.#answerIds.set(key, id);
    return id;
  }
}
