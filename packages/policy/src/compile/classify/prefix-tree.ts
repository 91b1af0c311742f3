import { EdgeTable } from './edge-table.js';
import type { Hits, Scanner } from './scanner.js';

/** From which end texts are read: prefixes or suffixes. */
export type Direction = 'forward' | 'backward';

/**
 * Prefixes, or read backward suffixes, in a tree of which every edge is a stretch of text. A walk ends at the deepest node that is
 * wholly in the text; what matches are the patterns of that node and of all above it. Made once, no larger than its patterns, and a walk
 * costs no more than the text is long.
 */
export class PrefixTree implements Scanner {
  readonly #edges = new EdgeTable();
  readonly #labels: string[] = [''];
  /** The nearest node above that has patterns of its own. */
  readonly #above: number[] = [0];
  readonly #questions: (readonly number[] | undefined)[] = [undefined];
  /** For each node, the nearest one from itself upward that has patterns; 0 where there is none. */
  readonly #answers: number[] = [0];

  /** Patterns with their questions; none of them empty. */
  constructor(
    patterns: ReadonlyMap<string, readonly number[]>,
    private readonly direction: Direction,
  ) {
    const read = [...patterns].map(([text, questions]) => ({ text: direction === 'forward' ? text : reverse(text), questions }));
    read.sort((a, b) => (a.text < b.text ? -1 : 1));
    this.#build(read);
  }

  scan(text: string): number {
    return this.direction === 'forward' ? this.#forward(text) : this.#backward(text);
  }

  report(id: number, hits: Hits): void {
    for (let node = id; node !== 0; node = this.#above[node] ?? 0) {
      for (const question of this.#questions[node] ?? []) hits.hit(question);
    }
  }

  #forward(text: string): number {
    let node = 0;
    for (let at = 0; at < text.length; ) {
      const next = this.#edges.get(node, text.charCodeAt(at));
      if (next === 0) break;
      const label = this.#labels[next] ?? '';
      if (label.length > text.length - at) break;
      let same = 1;
      while (same < label.length && text.charCodeAt(at + same) === label.charCodeAt(same)) same++;
      if (same < label.length) break;
      at += label.length;
      node = next;
    }
    return this.#answers[node] ?? 0;
  }

  #backward(text: string): number {
    let node = 0;
    for (let at = text.length - 1; at >= 0; ) {
      const next = this.#edges.get(node, text.charCodeAt(at));
      if (next === 0) break;
      const label = this.#labels[next] ?? '';
      if (label.length > at + 1) break;
      let same = 1;
      while (same < label.length && text.charCodeAt(at - same) === label.charCodeAt(same)) same++;
      if (same < label.length) break;
      at -= label.length;
      node = next;
    }
    return this.#answers[node] ?? 0;
  }

  /** Sorted texts share their prefixes with their neighbours, so that a stack of open nodes is enough. */
  #build(read: readonly { readonly text: string; readonly questions: readonly number[] }[]): void {
    const pending: Range[] = [{ node: 0, from: 0, to: read.length, depth: 0 }];
    for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
      const { node, to, depth } = range;
      let from = range.from;
      const own = read[from];
      if (own !== undefined && own.text.length === depth) {
        this.#questions[node] = own.questions;
        this.#answers[node] = node;
        from++;
      }
      while (from < to) {
        const first = read[from]?.text ?? '';
        let end = from + 1;
        while (end < to && read[end]?.text.charCodeAt(depth) === first.charCodeAt(depth)) end++;
        const length = commonLength(first, read[end - 1]?.text ?? '');
        const child = this.#add(node, first.slice(depth, length));
        pending.push({ node: child, from, to: end, depth: length });
        from = end;
      }
    }
  }

  #add(parent: number, label: string): number {
    const node = this.#labels.push(label) - 1;
    const above = this.#answers[parent] ?? 0;
    this.#above.push(above);
    this.#answers.push(above);
    this.#questions.push(undefined);
    this.#edges.set(parent, label.charCodeAt(0), node);
    return node;
  }
}

/** Texts `from` up to `to` that share their first `depth` characters, which lead to `node`. */
interface Range {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function reverse(text: string): string {
  let reversed = '';
  for (let at = text.length - 1; at >= 0; at--) reversed += text.charAt(at);
  return reversed;
}
