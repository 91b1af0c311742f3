import type { CharacterSet, Part } from '../pattern.js';
import { holdsCharacter } from './character-classes.js';

/** A place that a text can have led to in some of the patterns. */
interface Node {
  readonly edges: Map<number, number>;
  /** The run that this node is: it stays here for each of these characters. */
  readonly loop?: CharacterSet;
  /** Runs that begin here, and may be empty. */
  readonly runs: Map<CharacterSet, number>;
  /** Runs that begin here with a first character. */
  readonly steps: Map<CharacterSet, number>;
  /** Where one character leads. */
  readonly ones: Map<CharacterSet, number>;
  border?: number;
  /** Questions of the patterns that end here. */
  readonly ends: number[];
}

/** Patterns with runs in them, as a graph in which those that begin alike share their beginning. */
export class PatternGraph {
  readonly #nodes: Node[] = [newNode()];
  /** Every character that a pattern names. */
  readonly named = new Set<number>();

  add(parts: readonly Part[], question: number): void {
    let node = 0;
    for (const part of parts) node = this.#follow(node, part);
    this.#nodes[node]?.ends.push(question);
  }

  /** Where an empty text leads. */
  get start(): readonly number[] {
    return this.#closed(new Set([0]));
  }

  /** Where one more character leads, `undefined` standing for the border of a pair. */
  after(places: readonly number[], code: number | undefined): readonly number[] {
    const next = new Set<number>();
    for (const place of places) {
      const node = this.#nodes[place];
      if (node === undefined) continue;
      if (code === undefined) {
        if (node.border !== undefined) next.add(node.border);
        continue;
      }
      const target = node.edges.get(code);
      if (target !== undefined) next.add(target);
      if (node.loop !== undefined && holdsCharacter(node.loop, code)) next.add(place);
      for (const [set, step] of node.steps) if (holdsCharacter(set, code)) next.add(step);
      for (const [set, one] of node.ones) if (holdsCharacter(set, code)) next.add(one);
    }
    return this.#closed(next);
  }

  /** Questions that a text which ends here answers. */
  endingAt(places: readonly number[]): readonly number[] {
    return [...new Set(places.flatMap((place) => this.#nodes[place]?.ends ?? []))].sort((a, b) => a - b);
  }

  #closed(places: Set<number>): readonly number[] {
    for (const place of places) for (const run of this.#nodes[place]?.runs.values() ?? []) places.add(run);
    return [...places].sort((a, b) => a - b);
  }

  #follow(from: number, part: Part): number {
    const node = this.#nodes[from];
    if (node === undefined) return from;
    if (part.kind === 'border') {
      node.border ??= this.#push(newNode());
      return node.border;
    }
    if (part.kind !== 'text' && typeof part.of === 'object') for (const code of part.of.codes) this.named.add(code);
    if (part.kind === 'one') return this.#child(node.ones, part.of);
    if (part.kind === 'run') {
      const starts = part.atLeast === 0 ? node.runs : node.steps;
      return this.#child(starts, part.of, part.of);
    }
    let place = from;
    for (let at = 0; at < part.text.length; at++) {
      const code = part.text.charCodeAt(at);
      this.named.add(code);
      const edges: Map<number, number> = this.#nodes[place]?.edges ?? new Map();
      place = this.#child(edges, code);
    }
    return place;
  }

  #child<Key>(children: Map<Key, number>, key: Key, loop?: CharacterSet): number {
    const known = children.get(key) ?? this.#push(newNode(loop));
    children.set(key, known);
    return known;
  }

  #push(node: Node): number {
    return this.#nodes.push(node) - 1;
  }
}

function newNode(loop?: CharacterSet): Node {
  return {
    edges: new Map(),
    runs: new Map(),
    steps: new Map(),
    ones: new Map(),
    ends: [],
    ...(loop === undefined ? {} : { loop }),
  };
}
