import type { BenchPolicy } from '../bench-policy.js';
import { type Draft, type Mix, policiesFrom, spiffe } from './mix.js';

const clients = 64;

/**
 * One service as in Istio's example application: each rule lets one client call one resource, or everything below it, by one method;
 * every tenth keeps a part of the service to the namespace of its operators.
 */
export const bookinfo: Mix = {
  name: 'bookinfo-like',
  layer: 'waypoint',
  connections: 'kept',
  policies: (rules) => policiesFrom(rules, rowOf),
  draft(rules, chance) {
    const row = allowRow(chance.int(rules));
    const path = `/reviews/${row}${isExact(row) ? '?page=' : '/'}${chance.word()}`;
    const allowed: Draft = {
      effect: 'allow',
      identity: spiffe(clientOf(row)),
      sourceIp: '10.0.0.1',
      port: 9080,
      http: { method: methodOf(row), path },
    };
    const kind = chance.int(10);
    if (kind < 5) return allowed;
    if (kind === 5) return { ...allowed, effect: 'deny', http: { method: 'DELETE', path } };
    if (kind === 6) return { ...allowed, effect: 'deny', identity: spiffe(clientOf(row + 1)) };
    if (kind === 7) {
      const denying = row - (row % 10) + 9;
      return { ...allowed, effect: 'deny', http: { method: 'GET', path: `/internal/${denying}/${chance.word()}` } };
    }
    return { ...allowed, effect: 'deny', http: { method: 'GET', path: `/reviews/x${chance.word()}/1` } };
  },
};

function rowOf(index: number): BenchPolicy {
  if (index % 10 === 9) return { action: 'DENY', rules: [{ notNamespaces: ['operations'], paths: [`/internal/${index}/*`] }] };
  const path = isExact(index) ? `/reviews/${index}` : `/reviews/${index}/*`;
  return { action: 'ALLOW', rules: [{ principals: [clientOf(index)], methods: [methodOf(index)], paths: [path] }] };
}

function allowRow(index: number): number {
  return index % 10 === 9 ? index - 1 : index;
}

function isExact(index: number): boolean {
  return index % 2 === 1;
}

function clientOf(index: number): string {
  return `cluster.local/ns/bookinfo/sa/client-${index % clients}`;
}

function methodOf(index: number): string {
  return index % 3 === 0 ? 'POST' : 'GET';
}
