import type { Span, Text } from '../../diagnostic/span.js';
import type { SourceText } from './source-text.js';

interface NodeBase {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
  /** How many nodes it holds, itself included, with aliases counted as often as they are used. */
  readonly size: number;
}

/** A value without parts, as Kubernetes reads it. `text` is what was written, escapes resolved. */
export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly text: string;
  /** Written as a literal block (`|`): the only style whose content lines are lines of the file. */
  readonly literal: boolean;
}

/** One field of a mapping. */
export interface NodeEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: Node;
}

/** A mapping; keys are unique, in the order of the text. */
export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, NodeEntry>;
}

/** A sequence. */
interface SequenceNode extends NodeBase {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
}

/** One node of a manifest, with its place. Aliases are resolved: a node may be reachable by several ways, never by itself. */
export type Node = ScalarNode | MapNode | SequenceNode;

/** The place of a node. */
export function spanOf(node: Node): Span {
  return node.source.span(node.start, node.end);
}

/** The place of a field's name. */
export function keySpan(node: MapNode, entry: NodeEntry): Span {
  return node.source.span(entry.keyStart, entry.keyEnd);
}

/** The place of a field from its name to the end of its value; the name alone where the value stands elsewhere (an alias). */
export function entrySpan(node: MapNode, entry: NodeEntry): Span {
  const inPlace = entry.value.source === node.source && entry.value.end >= entry.keyEnd;
  return node.source.span(entry.keyStart, inPlace ? entry.value.end : entry.keyEnd);
}

/** A scalar as text with its place. */
export function textOf(node: ScalarNode): Text {
  return { value: node.text, span: spanOf(node) };
}

/** What a node is, in words for a message: `a string`, `null`, `a mapping`. */
export function describeNode(node: Node): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'sequence') return 'a list';
  if (node.value === null) return 'null';
  return { string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof node.value as 'string' | 'number' | 'boolean'];
}
