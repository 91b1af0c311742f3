import { describe, expect, it } from 'vitest';
import {
  connectionDecider,
  type Engine,
  engines,
  ReadConnection,
  ReadRequest,
  type RequestAttributes,
  requestDecider,
  type Verdict,
} from '../../src/index.js';
import { connection, gateWith, type RuleSpec, type Spec } from '../reference/mesh.js';
import { allocated } from './allocated.js';
import { boundRole, rbacOn } from './role-mesh.js';

const from = new ReadConnection(connection());

/** A request that was read, and then found to have a token, or none. */
function read(attributes: Partial<RequestAttributes>, claims?: RequestAttributes['authentication']): RequestAttributes {
  const request = new ReadRequest({
    method: 'GET',
    path: '/',
    authority: 'api.shop',
    headers: [],
    httpVersion: 1,
    ...attributes,
  });
  return claims === undefined ? request : new ReadRequest(request, claims);
}

const edits = { removed: ['authorization'], added: [['x-user', 'alice']], reserved: ['x-user'] } as const;
const token = { audiences: [], claims: { iss: 'issuer', sub: 'alice', groups: ['staff'] }, edits };

/** Each a policy that decides by everything that most look at, and what it is asked. */
const asked: Readonly<
  Record<string, { readonly specs: (count: number) => readonly Spec[]; readonly reason: Verdict['reason'] }>
> = {
  'an ALLOW policy that matches': { specs: (count) => [{ rules: rules(count) }], reason: 'allow-policy' },
  'ALLOW policies of which none matches': {
    specs: (count) => [{ rules: rules(count).map((rule) => ({ ...rule, to: [{ operation: { methods: ['PUT'] } }] })) }],
    reason: 'no-allow-match',
  },
  'a DENY policy that matches': { specs: (count) => [{ action: 'DENY', rules: rules(count) }], reason: 'deny-policy' },
  'policies that log and try out': {
    specs: (count) => [
      { action: 'AUDIT', rules: rules(count) },
      { action: 'DENY', dryRun: true, rules: rules(count) },
      { rules: rules(count) },
    ],
    reason: 'allow-policy',
  },
};

function rules(count: number): readonly RuleSpec[] {
  return Array.from({ length: count }, (_, index) => ({
    from: [{ source: { principals: ['cluster.local/ns/shop/sa/*'], ipBlocks: [`10.${index}.0.0/16`, '10.0.0.0/24'] } }],
    to: [{ operation: { paths: [`/a-${index}/*`, `/b/{*}/${index}`], hosts: ['api.*'] } }],
    when: [
      { key: 'request.headers[x-user]', values: ['alice'] },
      { key: 'remote.ip', values: ['10.0.0.0/8'] },
    ],
  }));
}

const tables: readonly (readonly [string, Engine, number])[] = [
  ['closures', engines.table, 2],
  ['masks', engines['table-only'], 40],
];

describe.each(tables)('a decision by %s allocates nothing', (_, engine, count) => {
  const requests = Array.from({ length: count }, (_, index) => [
    read({ path: `/a-${index}/x?q=${index}`, headers: [['X-User', 'alice']] }),
    read({ path: `/b/c/${index}`, headers: [['authorization', 'Bearer x']] }, token),
  ]).flat();
  const authorizations = requests.map((request) => ({
    received: request,
    request,
    routeBy: 'received' as const,
    responseHeaders: [],
    consulted: [],
  }));

  it.each(Object.entries(asked))('on a request, for %s', (_, { specs, reason }) => {
    const { inventory, binding } = gateWith('waypoint', specs(count));
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const decider = requestDecider(inventory, binding, { engine });
    const decide = (turn: number): Verdict => {
      const place = turn % requests.length;
      return decider.request(from, requests[place] ?? read({}), authorizations[place]);
    };
    for (const [place] of requests.entries()) expect(decide(place).reason).toBe(reason);
    expect(allocated(decide)).toBeLessThanOrEqual(1);
  });
});

describe.each(tables)('a decision by %s of roles allocates nothing', (_, engine, count) => {
  const granted = Array.from({ length: count }, (_, index) =>
    boundRole(
      `r-${index}`,
      [
        {
          services: ['*'],
          methods: ['GET'],
          paths: [`/a-${index}/*`],
          constraints: [{ key: 'request.headers[x-user]', values: ['alice'] }],
        },
      ],
      [
        { user: 'cluster.local/ns/shop/sa/nobody' },
        { properties: { 'source.namespace': 'shop', 'request.auth.claims[groups]': 'staff', 'request.auth.audiences': 'shop' } },
      ],
    ),
  );
  const { inventory, binding } = gateWith('waypoint', [], { manifests: [rbacOn, ...granted.flat()] });
  const claims = { ...token.claims, aud: 'shop' };

  it.each(['role-match', 'no-role-match'])('on a request, for %s', (reason) => {
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const decider = requestDecider(inventory, binding, { engine });
    const path = (index: number) => (reason === 'role-match' ? `/a-${index}/x?q=${index}` : `/b-${index}`);
    const requests = Array.from({ length: count }, (_, index) => read({ path: path(index) }, { ...token, claims }));
    const decide = (turn: number): Verdict => decider.request(from, requests[turn % count] ?? read({}));
    for (const [place] of requests.entries()) expect(decide(place).reason).toBe(reason);
    expect(allocated(decide)).toBeLessThanOrEqual(1);
  });

  it('on a connection', () => {
    const manifests = [
      rbacOn,
      ...boundRole(
        'r',
        [{ services: ['*'], constraints: [{ key: 'destination.port', values: ['8080'] }] }],
        [{ user: 'cluster.local/ns/shop/sa/web' }],
      ),
    ];
    const there = gateWith('ztunnel', [], { manifests });
    const decider = connectionDecider(there.inventory, there.binding, { engine });
    for (const [destinationPort, reason] of [
      [8080, 'role-match'],
      [9090, 'no-policy'],
    ] as const) {
      const at = new ReadConnection(connection({ destinationIp: '10.0.0.2', destinationPort }));
      expect(decider.connection(at).reason).toBe(reason);
      expect(allocated(() => decider.connection(at))).toBeLessThanOrEqual(1);
    }
  });
});

describe('what decisions allocate', () => {
  it('is noticed', () => {
    expect(allocated((turn) => ({ turn }))).toBeGreaterThan(8);
  });

  it('is nothing for connections that were read', () => {
    for (const gate of ['ztunnel', 'waypoint'] as const) {
      const l4 = rules(40).map(({ from: sources }) => ({ from: sources }));
      const { inventory, binding } = gateWith(gate, [{ rules: l4 }]);
      const decider = connectionDecider(inventory, binding, { engine: engines.table });
      expect(decider.connection(from).reason).toBe('allow-policy');
      expect(allocated(() => decider.connection(from))).toBeLessThanOrEqual(1);
    }
  });
});
