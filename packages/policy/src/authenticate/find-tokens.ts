import type { JwtRule, TokenHeader } from '../resource/model/index.js';
import { cookiesNamed } from './cookies.js';
import type { EditedRequest } from './edited-request.js';
import { parametersNamed } from './query.js';

/** Where a token was found. */
export type Location =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string };

/** Something in the place of a token. */
export interface FoundToken {
  readonly text: string;
  readonly location: Location;
}

const defaultHeaders: readonly TokenHeader[] = [{ name: 'authorization', prefix: 'Bearer ' }];
const defaultParams: readonly string[] = ['access_token'];

/**
 * What stands in the places where a rule looks for tokens (reference sections 0.10 and 8.2): headers, then parameters, then
 * cookies, each in the order of their names. A header that does not hold the rule's prefix holds no token; without a prefix its
 * whole value is one. Of parameters and cookies of one name the first counts, as upstream has it; `all` finds every one.
 */
export function findTokens(rule: JwtRule, request: EditedRequest, repeats: 'first' | 'all' = 'first'): readonly FoundToken[] {
  const counting = (values: readonly string[]) => (repeats === 'all' ? values : values.slice(0, 1));
  const everywhere = rule.fromHeaders.length + rule.fromParams.length + rule.fromCookies.length === 0;
  const headers = everywhere ? defaultHeaders : rule.fromHeaders;
  const params = everywhere ? defaultParams : rule.fromParams;
  return [
    ...byName(headers, ({ name, prefix }) => name.toLowerCase() + prefix).flatMap((header) => inHeader(header, request)),
    ...byName(params, (name) => name).flatMap((name) =>
      counting(parametersNamed(request.path, name)).map((text) => ({ text, location: { kind: 'param', name } as const })),
    ),
    ...byName(rule.fromCookies, (name) => name).flatMap((name) =>
      counting(cookiesNamed(request.values('cookie'), name)).map((text) => ({
        text,
        location: { kind: 'cookie', name } as const,
      })),
    ),
  ];
}

/** One of each name, in the order of the names. */
function byName<Place>(places: readonly Place[], nameOf: (place: Place) => string): readonly Place[] {
  const named = new Map<string, Place>();
  for (const place of places) if (!named.has(nameOf(place))) named.set(nameOf(place), place);
  return [...named].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, place]) => place);
}

function inHeader({ name, prefix }: TokenHeader, request: EditedRequest): readonly FoundToken[] {
  const location = { kind: 'header', name: name.toLowerCase() } as const;
  return request.values(name).flatMap((value) => {
    const text = afterPrefix(value, prefix);
    return text === undefined ? [] : [{ text, location }];
  });
}

/** What follows the prefix, wherever in the value it stands, from the first character that a token may have. */
function afterPrefix(value: string, prefix: string): string | undefined {
  if (prefix === '') return value;
  const place = value.indexOf(prefix);
  if (place < 0) return undefined;
  let start = place + prefix.length;
  while (start < value.length && !isTokenCharacter(value[start])) start++;
  return start < value.length ? value.slice(start) : value;
}

const tokenCharacters = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.');

function isTokenCharacter(char: string | undefined): boolean {
  return char !== undefined && tokenCharacters.has(char);
}
