import type { Query } from './recorded-case.js';

/**
 * The query with each `${name}` in its path and header values, and in all that is expected, replaced by the raw token of that name,
 * byte for byte; `${name.payload}` is its second part.
 */
export function withTokens(query: Query, tokens: Readonly<Record<string, string>>): Query {
  if (!('request' in query) || query.request === undefined) return query;
  const { request } = query;
  const fill = (text: string) =>
    Object.entries(tokens).reduce(
      (filled, [name, token]) =>
        filled.replaceAll(`\${${name}}`, () => token).replaceAll(`\${${name}.payload}`, () => token.split('.')[1] ?? ''),
      text,
    );
  const headers = request.headers.map(([name, value]) => [name, fill(value)] as const);
  const expect = JSON.parse(fill(JSON.stringify(query.expect))) as typeof query.expect;
  return { ...query, expect, request: { ...request, path: fill(request.path), headers } };
}
