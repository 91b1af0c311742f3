import type { Fields } from './fields.js';

/** A field of the older generation in camel case and with underscores (legacy reference section 1.1). */
export function spellings(name: string): readonly [camelCase: string, underscores: string] {
  return [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/**
 * The name under which a field of the older generation was written. Where it was in both spellings, upstream takes the first and `strict` reports the second.
 */
export function spelled(fields: Fields, name: string): string {
  const [, other] = spellings(name);
  if (other === name || !fields.has(other)) return name;
  if (!fields.has(name)) return other;
  fields.ignore(other);
  if (fields.context.dialect.name === 'strict')
    fields.report('role-field-twice', fields.nameSpan(other), `\`${other}\` and \`${name}\` are the same field`, {
      hint: `keep \`${name}\``,
    });
  return name;
}

/** Reports fields that nobody knows, in `strict`; upstream passes over them in silence (legacy reference section 1.1). */
export function refuseUnknownInStrict(...mappings: readonly (Fields | undefined)[]): void {
  for (const fields of mappings) if (fields?.context.dialect.name === 'strict') fields.refuseUnknown();
}

/**
 * A word of a closed list, or its number. A number that stands for none is refused in `strict`; upstream takes it, and `otherwise`
 * says for what.
 */
export function decodeEnum<Word extends string>(fields: Fields, name: string, words: readonly Word[], otherwise: Word): Word {
  const node = fields.value(name);
  const [first] = words;
  if (node === undefined) return first ?? otherwise;
  if (node.kind !== 'scalar' || typeof node.value !== 'number') return fields.oneOf(name, words) ?? otherwise;
  const number = fields.integer(name, -0x8000_0000, 0x7fff_ffff);
  if (number === undefined) return otherwise;
  const word = words[number];
  if (word === undefined && fields.context.dialect.name === 'strict')
    fields.report('unknown-value', fields.valueSpan(name), `\`${number}\` is not a value of \`${name}\``, {
      hint: `write one of ${words.join(', ')}`,
    });
  return word ?? otherwise;
}
