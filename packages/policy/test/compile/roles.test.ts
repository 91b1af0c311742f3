import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, engines, strict, upstream, type Verdict } from '../../src/index.js';
import { connection, judge, type RolesSpec, request } from '../legacy/roles.js';

const few = <Value>(values: fc.Arbitrary<Value>) => fc.array(values, { minLength: 1, maxLength: 3 });

/** Pieces of what upstream puts into a regular expression as it stands. */
const piece = fc.constantFrom(
  's',
  'sh',
  'op',
  'shop',
  '.',
  '*',
  '|',
  '[a-s]',
  '(?i)',
  'o?',
  'x{2}',
  '\\w',
  '(sh|o)',
  '.+',
  '😀',
  '\\b',
  '(',
);
const namespace = fc.oneof(
  { weight: 3, arbitrary: fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('')) },
  { weight: 1, arbitrary: fc.constantFrom('shop', 'other', '*', 'shop|other', 's.op', 'sho?p', '(shop|other)', 'sh.+p') },
);
const name = fc.constantFrom(
  'cluster.local/ns/shop/sa/web',
  '*/sa/web',
  'cluster.local/*',
  '*',
  'allUsers',
  'allAuthenticatedUsers',
  'td/ns/',
);
const text = fc.constantFrom('a', 'a*', '*a', '*', '', '**', 'ä', '[a]', '[*]', '[[a]');
const address = fc.constantFrom('10.0.0.9', '10.0.0.0/24', '::ffff:10.0.0.9', '::/0', 'none');

const property = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'source.principal',
      'source.user',
      'request.auth.principal',
      'request.auth.audiences',
      'request.auth.presenter',
      'request.auth.claims[groups]',
      'request.auth.claims',
      'request.headers[X-A]',
      'source.other',
    ),
    fc.oneof(text, name),
  ),
  fc.tuple(fc.constant('source.namespace'), namespace),
  fc.tuple(fc.constant('source.ip'), address),
);
const subject = fc.oneof(
  name.map((user) => ({ user })),
  few(name).map((names) => ({ names })),
  few(name).map((notNames) => ({ notNames })),
  few(namespace).map((namespaces) => ({ namespaces })),
  few(namespace).map((notNamespaces) => ({ notNamespaces })),
  few(address).map((ips) => ({ ips })),
  few(address).map((notIps) => ({ notIps, user: '*' })),
  few(text).map((groups) => ({ groups })),
  fc
    .uniqueArray(property, { minLength: 1, maxLength: 2, selector: ([key]) => key })
    .map((all) => ({ properties: Object.fromEntries(all) })),
);

const constraint = fc.record({
  key: fc.constantFrom(
    ':path',
    'request.headers[x-a]',
    'connection.sni',
    'experimental.envoy.filters.a[k]',
    'experimental.envoy.filters.http.rbac[k]',
    'destination.ip',
    'destination.port',
    'unknown',
  ),
  values: few(fc.oneof(text, address, fc.constantFrom('8080', '/a', '99999'))),
});
const paths = few(fc.constantFrom('/a', '/a*', '*a', '*', '/a?q'));
const rule = fc.oneof(
  fc.constant({}),
  fc.record({ paths }),
  fc.record({ notPaths: paths, methods: few(fc.constantFrom('GET', 'P*')) }),
  fc.record({ hosts: few(text), notMethods: few(fc.constantFrom('GET', '*T')) }),
  fc.record({ ports: few(fc.constantFrom(8080, 80, 0)) }),
  few(constraint).map((constraints) => ({ constraints })),
);

const roles: fc.Arbitrary<RolesSpec> = fc.record({
  roles: fc.record({ r: few(rule), other: few(rule) }),
  bindings: few(
    fc.record({
      role: fc.constantFrom('r', 'other'),
      mode: fc.constantFrom('ENFORCED', 'ENFORCED', 'PERMISSIVE'),
      subjects: few(subject),
    }),
  ),
});

const identity = fc.constantFrom(
  'spiffe://cluster.local/ns/shop/sa/web',
  'spiffe://td/ns/xx/sa/web',
  'td/ns/so\nhop/sa/web',
  'td/ns/s😀/sa/a',
  'a',
  '',
);
const published = fc.constantFrom<unknown>('a', '', 'ba', ['a', 7], ['b', 'a'], [], 7, null);
const connected = fc.record(
  {
    identity,
    peerNames: fc.array(identity, { maxLength: 2 }),
    sourceIp: fc.constantFrom('10.0.0.9', '10.0.0.10', '2001:db8::1'),
    sni: fc.constantFrom('a', 'BA', ''),
    metadata: published.map((k) => ({ 'envoy.filters.a': { k }, 'envoy.filters.http.rbac': { k, 'source.other': k } }) as never),
    awaited: fc.constantFrom([], ['envoy.filters.a'], ['envoy.filters.http.rbac']),
  },
  { requiredKeys: ['sourceIp'] },
);
const sent = fc.option(
  fc.record({
    path: fc.constantFrom('/a', '/a?q', '/b/a', '/'),
    method: fc.constantFrom('GET', 'PUT'),
    authority: fc.constantFrom('a', 'ba', 'c'),
    headers: fc.constantFrom(
      [],
      [['X-a', 'a']],
      [
        ['x-a', ''],
        ['x-a', 'ba'],
      ],
      [['x-a', 'Ã¤']],
    ) as fc.Arbitrary<never[]>,
    authentication: fc
      .constantFrom(
        { iss: 'a', sub: 'a', aud: 'a b', azp: 'a', groups: ['a', 'c'] },
        { iss: 'a', groups: 'ba *' },
        { groups: [1, 'a'] },
      )
      .map((claims) => ({ audiences: [], claims: claims as never, edits: { removed: [], added: [] } })),
  }),
  { nil: undefined },
);

const masks: Engine = { kind: 'table', options: { ...engines.table.options, closuresUpTo: -1, productUpTo: 0 } };
const tables: readonly Engine[] = [engines.table, engines['table-only'], masks];

describe.each([strict, upstream])('tables of roles in $name', (dialect) => {
  it('answer as the interpreter does, to the last field, whatever roles say', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(roles, fc.array(fc.tuple(connected, sent), { minLength: 4, maxLength: 8 }), (spec, asked) => {
        for (const [from, to] of asked) {
          const ask = (engine: Engine): Verdict => judge(spec, connection(from), to && request(to as never), dialect, { engine });
          const expected = ask(engines.interpreter);
          seen.set(expected.reason, (seen.get(expected.reason) ?? 0) + 1);
          for (const engine of tables) expect(ask(engine)).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
    // Few roles that are made by chance grant; the differential of all engines counts thousands of both answers.
    expect(seen.get('role-match')).toBeGreaterThan(0);
    expect(seen.get('no-role-match')).toBeGreaterThan(0);
  });
});
