import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, documents, findingsOf, namespace, pod, policy, shopWithWaypoint } from '../mesh.js';

const getOnly = policy(
  'shop',
  'get-only',
  '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
);
const mesh = documents(shopWithWaypoint, namespace('other'), pod('other', 'guest', '10.2.0.1'), getOnly);
const clients = ['shop/web', 'shop/batch', 'other/guest', 'spiffe://cluster.local/ns/away/sa/nobody'];

const values: Readonly<Record<string, readonly string[]>> = {
  principals: ['cluster.local/ns/shop/sa/web', 'cluster.local/ns/shop/sa/waypoint', 'cluster.local/ns/oth*', '*/sa/guest', '*'],
  namespaces: ['shop', 'other', 'oth*', '*way'],
  serviceAccounts: ['web', 'other/guest', 'shop/waypoint'],
  ipBlocks: ['10.0.0.0/8', '10.2.0.1', '192.0.2.0/24', '0.0.0.0/0'],
  trustDomains: ['cluster.local', 'other.example'],
};

const field = fc.constantFrom(...Object.keys(values)).chain((name) => {
  const capitalised = name.charAt(0).toUpperCase() + name.slice(1);
  const chosen = fc.subarray([...(values[name] ?? [])], { minLength: 1, maxLength: 2 });
  return fc.tuple(fc.constantFrom(name, `not${capitalised}`), chosen).map(([key, list]) => [key, list] as const);
});

/** A source that the schema takes: serviceAccounts stand alone among the fields about identity. */
const source = fc
  .uniqueArray(field, { minLength: 1, maxLength: 2, selector: ([key]) => key })
  .map((fields) => {
    const alone = fields.find(([key]) => key.toLowerCase().includes('serviceaccounts'));
    return alone === undefined ? fields : [alone];
  })
  .map((fields) => `{${fields.map(([key, list]) => `${key}: ${JSON.stringify(list)}`).join(', ')}}`);

const rule = fc.oneof(
  { weight: 1, arbitrary: fc.constant('{}') },
  { weight: 6, arbitrary: source.map((text) => `{from: [{source: ${text}}]}`) },
  { weight: 1, arbitrary: source.map((text) => `{from: [{source: ${text}}], to: [{operation: {ports: ["9"]}}]}`) },
);

const policies = fc
  .array(fc.tuple(fc.constantFrom('ALLOW', 'ALLOW', 'DENY'), fc.array(rule, { minLength: 1, maxLength: 2 })), { maxLength: 3 })
  .map((list) =>
    list.map(([action, rules], index) =>
      policy('shop', `l4-${index}`, `{selector: {matchLabels: {app: cart}}, action: ${action}, rules: [${rules.join(', ')}]}`),
    ),
  );

describe('waypoint-bypass, whatever the policies at the ztunnel', () => {
  it('is silent only where nobody but the waypoint gets in', () => {
    fc.assert(
      fc.property(policies, (texts) => {
        const text = documents(mesh, ...texts);
        if (findingsOf(text, 'waypoint-bypass').length > 0) return;
        for (const from of clients) {
          expect(ask(text, { from, to: 'shop/cart' }).effect).toBe('deny');
          if (!from.startsWith('spiffe:'))
            expect(ask(text, { from, to: 'http://cart.shop/', plaintext: true }).effect).toBe('deny');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('prints policies that make it go away', () => {
    fc.assert(
      fc.property(policies, (texts) => {
        const text = documents(mesh, ...texts);
        const suggestions = findingsOf(text, 'waypoint-bypass').flatMap((found) => found.suggestion ?? []);
        if (suggestions.length > 0) expect(findingsOf(documents(text, ...suggestions), 'waypoint-bypass')).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
