import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { DiagnosticCode } from '../../diagnostic/codes/index.js';
import type { Reporter } from '../../diagnostic/reporter.js';
import type { Node, NodeEntry, ScalarNode } from './node.js';
import { plainKey, resolvePlain } from './scalar.js';
import type { SourceText } from './source-text.js';

/** Deeper manifests are refused: nothing in Kubernetes comes near, and every later step may recurse. */
const maximumDepth = 200;

/** How many nodes the aliases of one document may add: far more than anybody writes, far less than a billion laughs. */
const maximumExpansion = 100_000;

const tagPrefix = 'tag:yaml.org,2002:';

/**
 * Turns one document of the `yaml` library into our own tree: aliases resolved within a bound, values as Kubernetes reads them,
 * keys unique. What is wrong is reported; undefined if there is nothing usable.
 */
export function composeDocument(
  document: Document,
  source: SourceText,
  reporter: Reporter,
  repeats: RepeatedKeys = 'refused',
): Node | undefined {
  return new Composer(source, reporter, repeats).node(document.contents, 0);
}

/** What a key that stands twice in one mapping comes to. */
type RepeatedKeys = 'refused' | 'last-wins';

class Composer {
  readonly #anchors = new Map<string, Node>();
  #expanded = 0;

  constructor(
    private readonly source: SourceText,
    private readonly reporter: Reporter,
    private readonly repeats: RepeatedKeys,
  ) {}

  node(written: unknown, depth: number): Node | undefined {
    if (isAlias(written)) return this.#alias(written);
    if (!isMap(written) && !isSeq(written) && !isScalar(written)) return undefined;
    if (depth > maximumDepth) {
      return this.#fail(
        'nesting-too-deep',
        written,
        `nested deeper than ${maximumDepth} levels`,
        'no Kubernetes object is nested this deep',
      );
    }
    const node = isMap(written)
      ? this.#map(written, depth)
      : isSeq(written)
        ? this.#sequence(written, depth)
        : this.#scalar(written);
    if (node !== undefined && written.anchor !== undefined) this.#anchors.set(written.anchor, node);
    return node;
  }

  #alias(alias: Alias): Node | undefined {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      const hint = 'write the anchor before the alias; an anchor cannot contain an alias to itself';
      return this.#fail('yaml-alias', alias, `alias \`*${alias.source}\` names no anchor above it`, hint);
    }
    this.#expanded += target.size;
    if (this.#expanded > maximumExpansion) {
      const hint = 'write the values out, or split the file';
      return this.#fail('yaml-alias', alias, `aliases of this document expand to more than ${maximumExpansion} nodes`, hint);
    }
    return target;
  }

  #scalar(written: Scalar): ScalarNode | undefined {
    const [start, end] = rangeOf(written);
    const text = written.source ?? '';
    const plain = written.type === 'PLAIN';
    const base = {
      kind: 'scalar',
      text,
      literal: written.type === 'BLOCK_LITERAL',
      source: this.source,
      start,
      end,
      size: 1,
    } as const;
    if (written.tag === undefined || written.tag === '!')
      return { ...base, value: plain && written.tag !== '!' ? resolvePlain(text) : text };
    const value = taggedValue(written.tag, text);
    if (value !== undefined) return { ...base, value };
    return this.#fail('yaml-tag', written, `\`${text}\` has a tag that cannot be read: \`${written.tag}\``, 'remove the tag');
  }

  #sequence(written: YAMLSeq, depth: number): Node | undefined {
    this.#checkTag(written, 'seq');
    const items: Node[] = [];
    let size = 1;
    for (const item of written.items) {
      const node = this.node(item, depth + 1);
      if (node === undefined) continue;
      items.push(node);
      size += node.size;
    }
    const [start, end] = this.#trimmedRange(written);
    return { kind: 'sequence', items, source: this.source, start, end, size };
  }

  #map(written: YAMLMap, depth: number): Node | undefined {
    this.#checkTag(written, 'map');
    const entries = new Map<string, NodeEntry>();
    const merged: Node[] = [];
    for (const pair of written.items) {
      const value = this.node(pair.value, depth + 1) ?? this.#absent(pair);
      if (isMergeKey(pair.key)) merged.push(value);
      else this.#addEntry(entries, pair, value);
    }
    for (const source of merged) this.#merge(entries, source, written);
    let size = 1;
    for (const entry of entries.values()) size += entry.value.size;
    const [start, end] = this.#trimmedRange(written);
    return { kind: 'map', entries, source: this.source, start, end, size };
  }

  #addEntry(entries: Map<string, NodeEntry>, pair: Pair, value: Node): void {
    const key = pair.key;
    const name = isScalar(key) ? keyText(key) : undefined;
    if (name === undefined) {
      this.#fail(
        'yaml-key',
        isRanged(key) ? key : { range: [value.start, value.end, value.end] },
        'the name of a field is not text',
        'write a plain or quoted name before the colon',
      );
      return;
    }
    const [keyStart, keyEnd] = rangeOf(key as Scalar);
    const earlier = entries.get(name);
    if (earlier === undefined || this.repeats === 'last-wins') {
      entries.set(name, { key: name, keyStart, keyEnd, value });
      return;
    }
    this.reporter.report('duplicate-key', this.source.span(keyStart, keyEnd), `\`${name}\` is set twice in this mapping`, {
      hint: 'keep one of the two: readers differ on which one counts',
      related: [{ message: 'set here first', span: this.source.span(earlier.keyStart, earlier.keyEnd) }],
    });
  }

  /** `<<`: fields of another mapping, where this one does not set them itself. */
  #merge(entries: Map<string, NodeEntry>, from: Node, into: YAMLMap): void {
    const sources = from.kind === 'sequence' ? from.items : [from];
    for (const source of sources) {
      if (source.kind !== 'map') {
        this.#fail('yaml-alias', into, '`<<` merges something that is not a mapping', 'merge an alias of a mapping');
        return;
      }
      for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }

  #absent(pair: Pair): ScalarNode {
    const at = isRanged(pair.key) ? pair.key.range[1] : 0;
    return { kind: 'scalar', value: null, text: '', literal: false, source: this.source, start: at, end: at, size: 1 };
  }

  #checkTag(written: YAMLMap | YAMLSeq, expected: 'map' | 'seq'): void {
    const tag = written.tag;
    if (tag !== undefined && tag !== '!' && tag !== `${tagPrefix}${expected}`) {
      this.#fail('yaml-tag', written, `a collection has a tag that cannot be read: \`${tag}\``, 'remove the tag');
    }
  }

  /** A block collection's range reaches to the next token; its last character is what a caret should stop at. */
  #trimmedRange(written: YAMLMap | YAMLSeq): [number, number] {
    const [start, end] = rangeOf(written);
    let trimmed = Math.min(end, this.source.text.length);
    while (trimmed > start && isSpace(this.source.text.charCodeAt(trimmed - 1))) trimmed -= 1;
    return [start, trimmed];
  }

  #fail(code: DiagnosticCode, at: { range?: readonly number[] | null | undefined }, message: string, hint: string): undefined {
    const [start = 0, end = start] = at.range ?? [];
    this.reporter.report(code, this.source.span(start, end), message, { hint });
    return undefined;
  }
}

type Ranged = { readonly range: readonly [number, number, number] };

function isRanged(value: unknown): value is Ranged {
  return typeof value === 'object' && value !== null && Array.isArray((value as { range?: unknown }).range);
}

function rangeOf(node: { range?: readonly number[] | null | undefined }): [number, number] {
  const [start = 0, end = start] = node.range ?? [];
  return [start, end];
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<' && key.tag === undefined;
}

function keyText(key: Scalar): string | undefined {
  const text = key.source ?? '';
  if (key.anchor !== undefined || (key.tag !== undefined && key.tag !== '!')) return undefined;
  return key.type === 'PLAIN' && key.tag === undefined ? plainKey(text) : text;
}

/** The value of a scalar with an explicit core tag; undefined where the tag is another one or does not fit the text. */
function taggedValue(tag: string, text: string): string | number | boolean | null | undefined {
  if (tag === `${tagPrefix}str`) return text;
  const value = resolvePlain(text);
  const fits = {
    [`${tagPrefix}int`]: typeof value === 'number' && Number.isInteger(value),
    [`${tagPrefix}float`]: typeof value === 'number',
    [`${tagPrefix}bool`]: typeof value === 'boolean',
    [`${tagPrefix}null`]: value === null,
  }[tag];
  return fits === true ? value : undefined;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
