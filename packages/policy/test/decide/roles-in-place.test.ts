import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConnectionAttributes,
  engines,
  ReadConnection,
  ReadRequest,
  type RequestAttributes,
  requestDecider,
  strict,
  upstream,
} from '../../src/index.js';
import { connection, gateWith, request } from '../reference/mesh.js';
import { boundRole, rbacOn } from './role-mesh.js';

const services = ['*'];
/** Roles that each look at one thing; the verdict names the first that grants, and what those that are tried out say. */
const roles = [
  rbacOn,
  ...boundRole('a', [{ services, paths: ['/a'] }], [{ user: 'cluster.local/ns/shop/sa/web' }]),
  ...boundRole('b', [{ services }], [{ properties: { 'request.auth.claims[groups]': 'staff' } }]),
  ...boundRole('c', [{ services }], [{ properties: { 'request.auth.principal': 'x/a*' } }, { user: 'someone' }]),
  ...boundRole('d', [{ services, paths: ['/d'] }], [{ properties: { 'source.ip': '10.0.0.10/32' } }]),
  ...boundRole('e', [{ services }], [{ properties: { 'request.auth.audiences': 'shop', 'request.auth.presenter': 'app' } }]),
  ...boundRole('f', [{ services, constraints: [{ key: 'request.headers[x-team]', values: ['red'] }] }], [{ user: '*' }]),
  ...boundRole(
    'g',
    [{ services, constraints: [{ key: 'destination.ip', values: ['10.0.0.2/32'] }], paths: ['/g'] }],
    [{ user: '*' }],
  ),
  ...boundRole('h', [{ services, methods: ['POST'] }], [{ properties: { 'source.namespace': 's*p' } }], 'PERMISSIVE'),
  ...boundRole('i', [{ services, constraints: [{ key: ':path', values: ['/i?*'] }] }], [{ namespaces: ['other'] }]),
];

const edits = fc.constantFrom<NonNullable<RequestAttributes['authentication']>['edits']>(
  { removed: [], added: [] },
  { removed: ['x-team'], added: [['x-team', 'red']] },
);
const claims = fc.constantFrom<Record<string, unknown>>(
  {},
  { groups: 'staff', iss: 'x', sub: 'alice' },
  { groups: ' other  staffing ', aud: 'shop other', azp: ' app' },
  { groups: ' other  staff ' },
  { groups: ['admin', 7, 'staff'], aud: [7, 'shop'], azp: ['app'] },
  { groups: [], iss: ['x'], sub: ' a b' },
  { iss: '', sub: 'x/a' },
  { iss: [''], sub: ['x/a'], aud: [''], azp: 7 },
);
const says = fc.constantFrom<Record<string, unknown>>(
  {},
  { istio_authn: {} },
  { istio_authn: { 'source.principal': 'cluster.local/ns/shop/sa/web', 'request.auth.claims': { groups: ['staff'] } } },
  { istio_authn: { 'source.principal': 'td/ns/other/sa/x', 'request.auth.principal': 'x/a' } },
);
const sent = fc.record(
  {
    path: fc.constantFrom('/a', '/b', '/d', '/g', '/i?q', '/i?r', '/a//b'),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.constantFrom(
      [],
      [['x-team', 'red']],
      [
        ['X-Team', 'red'],
        ['x-team', 'blue'],
      ],
    ),
    authentication: fc.record({ audiences: fc.constant([]), claims, edits }),
    metadata: says,
  },
  { requiredKeys: ['path'] },
) as fc.Arbitrary<Partial<RequestAttributes>>;

const names = ['spiffe://cluster.local/ns/shop/sa/web', 'spiffe://td/ns/other/sa/x'];
const others = [
  connection(),
  connection({ sourceIp: '10.0.0.10' }),
  connection({ identity: 'spiffe://td/ns/other/sa/x', peerNames: names }),
  connection({ metadata: { istio_authn: { 'source.principal': 'cluster.local/ns/shop/sa/web' } } }),
  connection({ destinationPort: 81 }),
];

describe.each([strict, upstream])('roles that are asked about requests read in place ($name)', (dialect) => {
  it('say what the interpreter says, of one request after another, on connections that are read, kept and changed', () => {
    const { inventory, binding } = gateWith('waypoint', [{ dryRun: true, rules: [{}] }], { dialect, manifests: roles });
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const reasons = new Set<string>();
    const [plain, ...tables] = [engines.interpreter, engines.table, engines['table-only']].map((engine) =>
      requestDecider(inventory, binding, { engine }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...others), sent), { minLength: 3, maxLength: 12 }), (asked) => {
        // One connection that becomes another while it is known.
        const changing: { -readonly [Name in keyof ConnectionAttributes]: ConnectionAttributes[Name] } = connection();
        const read = new Map(others.map((each) => [each, new ReadConnection(each)]));
        for (const [from, what] of asked) {
          Object.assign(changing, { ...connection(), ...from });
          for (const each of [from, read.get(from) ?? from, changing]) {
            const expected = plain?.request({ ...each }, request(what));
            reasons.add(`${expected?.reason} ${expected?.policy?.name}`);
            for (const decider of tables) {
              expect(decider.request(each, request(what))).toEqual(expected);
              expect(decider.request(each, new ReadRequest(request(what)))).toEqual(expected);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
    for (const role of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'i']) expect([...reasons]).toContain(`role-match ${role}`);
    expect([...reasons].some((reason) => reason.startsWith('no-role-match'))).toBe(true);
  });
});
