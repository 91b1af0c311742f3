import type { BenchPolicy } from '../bench-policy.js';
import type { Chance } from './chance.js';
import { type Draft, type Mix, policiesFrom } from './mix.js';

/**
 * An API that is opened path by path, to everyone: of ten rules four name a path, two everything below one, two a URI template, one a template
 * that goes on after any number of segments, and one denies a suffix.
 */
export const pathHeavy: Mix = {
  name: 'path-heavy API',
  layer: 'waypoint',
  connections: 'kept',
  policies: (rules) => policiesFrom(rules, rowOf),
  draft(rules, chance) {
    const row = allowRow(chance.int(rules));
    const allowed: Draft = {
      effect: 'allow',
      identity: `spiffe://cluster.local/ns/web/sa/client-${chance.int(64)}`,
      sourceIp: '10.0.0.1',
      port: 9080,
      http: { method: methodOf(row), path: pathFor(row, chance) },
    };
    const kind = chance.int(10);
    if (kind < 5) return allowed;
    const http = (method: string, path: string): Draft => ({ ...allowed, effect: 'deny', http: { method, path } });
    if (kind === 5) return http('DELETE', pathFor(row, chance));
    if (kind === 6) {
      const prefix = row - (row % 10) + 4;
      const denying = row - (row % 10) + 9;
      return http(methodOf(prefix), `/api/v1/resource-${prefix}/${chance.word()}/resource-${denying}/debug`);
    }
    if (kind === 7) return http('GET', `/api/v1/resource-${row - (row % 10) + 6}/${chance.word()}/${chance.word()}/items`);
    return http('GET', `/api/v1/${chance.word()}/${row}/items`);
  },
};

function rowOf(index: number): BenchPolicy {
  const kind = index % 10;
  if (kind === 9) return { action: 'DENY', rules: [{ paths: [`*/resource-${index}/debug`] }] };
  return { action: 'ALLOW', rules: [{ methods: [methodOf(index)], paths: [patternOf(index)] }] };
}

function patternOf(index: number): string {
  const kind = index % 10;
  if (kind < 4) return `/api/v1/resource-${index}`;
  if (kind < 6) return `/api/v1/resource-${index}/*`;
  if (kind < 8) return `/api/v1/resource-${index}/{*}/items`;
  return `/files/resource-${index}/{**}/raw`;
}

/** A path that the row of this index accepts. */
function pathFor(index: number, chance: Chance): string {
  const kind = index % 10;
  if (kind < 4) return `/api/v1/resource-${index}?page=${chance.word()}`;
  if (kind < 6) return `/api/v1/resource-${index}/${chance.word()}`;
  if (kind < 8) return `/api/v1/resource-${index}/${chance.word()}/items`;
  return `/files/resource-${index}/${chance.word()}/${chance.word()}/raw`;
}

function allowRow(index: number): number {
  return index % 10 === 9 ? index - 1 : index;
}

function methodOf(index: number): string {
  return index % 3 === 0 ? 'POST' : 'GET';
}
