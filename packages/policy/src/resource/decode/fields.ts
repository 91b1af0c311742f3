import type { DiagnosticCode } from '../../diagnostic/codes/index.js';
import type { DiagnosticDetail } from '../../diagnostic/reporter.js';
import type { Span, Text } from '../../diagnostic/span.js';
import { describeNode, entrySpan, keySpan, type MapNode, type Node, type NodeEntry, spanOf, textOf } from '../parse/node.js';
import type { DecodeContext } from './context.js';
import { nearestName } from './nearest.js';

/** Labels, annotations and selectors: strings by name, with the place of each value. */
export interface StringMap {
  readonly values: Readonly<Record<string, string>>;
  readonly spans: Readonly<Record<string, Span>>;
  readonly keySpans: Readonly<Record<string, Span>>;
}

/** How a kind treats what it does not expect. */
export interface Strictness {
  /** `error`: a custom resource, whose schema refuses null. `absent`: a built-in kind, whose reader ignores it. */
  readonly nulls: 'error' | 'absent';
}

/**
 * Reads the fields of one mapping by name. Each reader returns undefined where the field is absent, and also where it is of the
 * wrong type, which it reports; `refuseUnknown` then reports every field that no reader asked for.
 */
export class Fields {
  readonly #asked = new Set<string>();

  constructor(
    readonly node: MapNode,
    readonly path: string,
    readonly context: DecodeContext,
    readonly strictness: Strictness,
  ) {}

  get span(): Span {
    return spanOf(this.node);
  }

  /** Whether the field was written at all, whatever its value. */
  has(name: string): boolean {
    return this.node.entries.has(name);
  }

  /** The place of a field with its value; of the whole mapping where it was not written. */
  spanOf(name: string): Span {
    const entry = this.node.entries.get(name);
    return entry === undefined ? this.span : entrySpan(this.node, entry);
  }

  /** The place of a field's value; of the whole mapping where it was not written. */
  valueSpan(name: string): Span {
    const entry = this.node.entries.get(name);
    return entry === undefined ? this.span : spanOf(entry.value);
  }

  /** The place of a field's name; of the whole mapping where it was not written. */
  nameSpan(name: string): Span {
    const entry = this.node.entries.get(name);
    return entry === undefined ? this.span : keySpan(this.node, entry);
  }

  /** A field's value, whatever it is. */
  value(name: string): Node | undefined {
    this.#asked.add(name);
    const value = this.node.entries.get(name)?.value;
    if (value === undefined || value.kind !== 'scalar' || value.value !== null) return value;
    if (this.strictness.nulls === 'error') this.#wrongType(name, value, 'a value');
    return undefined;
  }

  text(name: string): Text | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    if (node.kind === 'scalar' && typeof node.value === 'string') return textOf(node);
    return this.#wrongType(name, node, 'a string');
  }

  string(name: string): string | undefined {
    return this.text(name)?.value;
  }

  boolean(name: string): boolean | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    return this.#wrongType(name, node, 'a boolean');
  }

  /** A whole number within bounds, both included. */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const node = this.value(name);
    return node === undefined ? undefined : this.#integerOf(name, node, minimum, maximum);
  }

  /** A list of whole numbers within bounds, each as a number or in quotes, as protocol buffers read them. Others are reported and left out. */
  integers(name: string, minimum: number, maximum: number): { readonly value: number; readonly span: Span }[] {
    return this.items(name).flatMap((item, index) => {
      const quoted = item.kind === 'scalar' && typeof item.value === 'string' && /^-?(0|[1-9][0-9]*)$/.test(item.value);
      const node = quoted ? { ...item, value: Number(item.text) } : item;
      const value = this.#integerOf(`${name}[${index}]`, node, minimum, maximum);
      return value === undefined ? [] : [{ value, span: spanOf(item) }];
    });
  }

  /** A port number, 1 to 65535. */
  port(name: string): number | undefined {
    return this.integer(name, 1, 65_535);
  }

  /** One of a closed list of words. */
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const word = words.find((candidate) => candidate === text.value);
    if (word !== undefined) return word;
    const near = nearestName(text.value, words);
    return this.report('unknown-value', text.span, `\`${text.value}\` is not a value of \`${this.#at(name)}\``, {
      hint: near === undefined ? `write one of ${words.join(', ')}` : `write \`${near}\``,
    });
  }

  /** A nested mapping. */
  fields(name: string): Fields | undefined {
    const node = this.value(name);
    return node === undefined ? undefined : this.#fieldsOf(this.#at(name), node);
  }

  /** A list of mappings. Entries of another type are reported and left out. */
  fieldsList(name: string): Fields[] {
    return this.items(name).flatMap((item, index) => this.#fieldsOf(`${this.#at(name)}[${index}]`, item) ?? []);
  }

  /** The entries of a list, as they are. */
  items(name: string): readonly Node[] {
    const node = this.value(name);
    if (node === undefined) return [];
    if (node.kind === 'sequence') return node.items;
    this.#wrongType(name, node, 'a list');
    return [];
  }

  /** Reports a list that has more entries than its schema admits. */
  limit(name: string, maximum: number): void {
    const count = this.items(name).length;
    if (count <= maximum) return;
    this.report('too-many-items', this.nameSpan(name), `\`${this.#at(name)}\` has ${count} entries, more than ${maximum}`, {
      hint: 'split the object into several',
    });
  }

  /** A list of strings. Entries of another type are reported and left out. */
  texts(name: string): Text[] {
    return this.items(name).flatMap((item, index) => {
      if (item.kind === 'scalar' && typeof item.value === 'string') return textOf(item);
      return this.#wrongType(`${name}[${index}]`, item, 'a string') ?? [];
    });
  }

  strings(name: string): string[] {
    return this.texts(name).map((text) => text.value);
  }

  /** A mapping of strings. */
  stringMap(name: string): StringMap | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    if (node.kind !== 'map') return this.#wrongType(name, node, 'a mapping');
    const map = { values: emptyRecord<string>(), spans: emptyRecord<Span>(), keySpans: emptyRecord<Span>() };
    for (const entry of node.entries.values()) {
      const value = this.#stringEntry(name, entry);
      if (value === undefined) continue;
      map.values[entry.key] = value;
      map.spans[entry.key] = spanOf(entry.value);
      map.keySpans[entry.key] = keySpan(node, entry);
    }
    return map;
  }

  /** A mapping of port numbers or other bounded whole numbers. */
  integerMap(name: string, minimum: number, maximum: number): Record<string, number> {
    const node = this.value(name);
    const map = emptyRecord<number>();
    if (node === undefined) return map;
    if (node.kind !== 'map') {
      this.#wrongType(name, node, 'a mapping');
      return map;
    }
    for (const entry of node.entries.values()) {
      const value = this.#integerOf(`${name}.${entry.key}`, entry.value, minimum, maximum);
      if (value !== undefined) map[entry.key] = value;
    }
    return map;
  }

  /** Reports a field that has to be there. */
  require(name: string, hint: string): void {
    if (!this.has(name)) this.report('missing-field', this.span, `\`${this.#at(name)}\` is missing`, { hint });
  }

  /** Marks fields as known although nothing here reads them. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#asked.add(name);
  }

  /** Reports every field that nothing asked for. */
  refuseUnknown(): void {
    for (const [name, entry] of this.node.entries) {
      if (this.#asked.has(name)) continue;
      const near = nearestName(name, this.#asked);
      const hint = near === undefined ? 'remove it: nothing reads this field' : `did you mean \`${near}\`?`;
      this.report('unknown-field', keySpan(this.node, entry), `unknown field \`${this.#at(name)}\``, { hint });
    }
  }

  report(code: DiagnosticCode, span: Span, message: string, detail?: DiagnosticDetail): undefined {
    this.context.reporter.report(code, span, message, detail);
  }

  #at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  #fieldsOf(path: string, node: Node): Fields | undefined {
    if (node.kind === 'map') return new Fields(node, path, this.context, this.strictness);
    return this.report('wrong-type', spanOf(node), `\`${path}\` is ${describeNode(node)}, not a mapping`, {
      hint: 'write fields below it',
    });
  }

  #stringEntry(name: string, entry: NodeEntry): string | undefined {
    const { value } = entry;
    if (value.kind === 'scalar' && typeof value.value === 'string') return value.value;
    if (value.kind === 'scalar' && value.value === null && this.strictness.nulls === 'absent') return '';
    return this.#wrongType(`${name}.${entry.key}`, value, 'a string');
  }

  #integerOf(name: string, node: Node, minimum: number, maximum: number): number | undefined {
    if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isInteger(node.value)) {
      return this.#wrongType(name, node, 'a whole number');
    }
    if (node.value >= minimum && node.value <= maximum) return node.value;
    return this.report(
      'out-of-range',
      spanOf(node),
      `\`${this.#at(name)}\` is \`${node.text}\`, outside ${minimum} to ${maximum}`,
      {
        hint: `write a number from ${minimum} to ${maximum}`,
      },
    );
  }

  #wrongType(name: string, node: Node, expected: string): undefined {
    const quoted = node.kind === 'scalar' && expected === 'a string' && node.value !== null;
    const hint = quoted ? `put it in quotes: \`"${node.text}"\`` : `write ${expected}, or remove the field`;
    return this.report('wrong-type', spanOf(node), `\`${this.#at(name)}\` is ${describeNode(node)}, not ${expected}`, { hint });
  }
}

/** A record without a prototype: names come from users, and `__proto__` is a name like any other. */
export function emptyRecord<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}
