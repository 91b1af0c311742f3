import { isPathTemplate } from '../../reference/path-template.js';
import { anything, type CharacterSet, type Part, type Pattern, textPart } from '../pattern.js';

/** A policy's string, of which `*` alone is any text that is not empty (reference section 3.2). */
export function stringPattern(value: string): Pattern {
  return value === '*' ? { kind: 'non-empty' } : affixPattern(value);
}

/** As `stringPattern`, but `*` is any text that is there. */
export function presentPattern(value: string): Pattern {
  return value === '*' ? { kind: 'prefix', text: '' } : affixPattern(value);
}

function affixPattern(value: string): Pattern {
  if (value.startsWith('*')) return { kind: 'suffix', text: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', text: value.slice(0, -1) };
  return { kind: 'exact', text: value };
}

/** A path or a path template (reference section 1.4). */
export function pathPattern(value: string): Pattern {
  return isPathTemplate(value) ? { kind: 'parts', parts: templateParts(value) } : stringPattern(value);
}

function templateParts(template: string): readonly Part[] {
  const parts: Part[] = [];
  let literal = '';
  for (let at = 0; at < template.length; at++) {
    const operator = template.startsWith('{**}', at) ? '{**}' : template.startsWith('{*}', at) ? '{*}' : undefined;
    if (operator === undefined) {
      literal += template.charAt(at);
      continue;
    }
    parts.push(textPart(literal), operator === '{*}' ? run('template-segment', 1) : run('template-path', 0));
    literal = '';
    at += operator.length - 1;
  }
  return [...parts, textPart(literal)];
}

/** A glob, in which every `*` is any text. */
export function globParts(glob: string): readonly Part[] {
  return glob.split('*').flatMap((piece, place) => (place === 0 ? [textPart(piece)] : [anything, textPart(piece)]));
}

/** `ISSUER/SUBJECT` of a token, split at the last slash (reference section 3.5). */
export function requestPrincipalPattern(value: string): Pattern {
  const [issuer, subject] = issuerAndSubject(value);
  return { kind: 'parts', parts: [...issuer, { kind: 'border' }, ...subject] };
}

function issuerAndSubject(value: string): readonly [readonly Part[], readonly Part[]] {
  const any = wildcardParts('*');
  if (value === '*') return [any, any];
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  if (value.startsWith('*')) return slash < 0 ? [any, wildcardParts(value)] : [wildcardParts(issuer), [textPart(subject)]];
  if (value.endsWith('*')) return slash < 0 ? [wildcardParts(value), any] : [[textPart(issuer)], wildcardParts(subject)];
  return [[textPart(issuer)], [textPart(subject)]];
}

/** `stringPattern`, in parts. */
export function wildcardParts(value: string): readonly Part[] {
  const pattern = stringPattern(value);
  switch (pattern.kind) {
    case 'non-empty':
      return [run('any', 1)];
    case 'suffix':
      return [anything, textPart(pattern.text)];
    case 'prefix':
      return [textPart(pattern.text), anything];
    default:
      return [textPart(value)];
  }
}

/** Characters of a set, at least so many. */
export function run(of: CharacterSet, atLeast: 0 | 1): Part {
  return { kind: 'run', of, atLeast };
}
