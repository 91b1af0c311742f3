import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { connectionDecider, engines, ReadConnection, ReadRequest, requestDecider } from '../../src/index.js';
import { boundRole, rbacOn } from '../decide/role-mesh.js';
import { connection, gateWith, request } from '../reference/mesh.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** What gates use, and what this is about. */
const engine = engines.table;
const decisions = 1_000_000;

/** Bytes that a million decisions leave behind, for each of them; before it so many that caches have found their size. */
function growth(decide: (turn: number) => unknown): number {
  let turn = 0;
  for (; turn < 150_000; turn++) decide(turn);
  const before = heap();
  for (; turn < 150_000 + decisions; turn++) decide(turn);
  return (heap() - before) / decisions;
}

/** What is alive, buffers outside of the heap included. */
function heap(): number {
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const rules = Array.from({ length: 60 }, (_, index) => ({
  from: [
    {
      source: index % 2 === 0 ? { principals: [`cluster.local/ns/a/sa/s-${index}`, '*x'] } : { ipBlocks: [`10.${index}.0.0/16`] },
    },
  ],
  to: [{ operation: { paths: [`/a-${index}/{*}/b/{**}`, `/b-${index}/*`, `*.${index}`], hosts: [`h${index}.example`] } }],
}));

describe('a decision', () => {
  it('leaves nothing behind, whatever clients make up for requests', () => {
    const { inventory, binding } = gateWith('waypoint', [{ action: 'DENY', rules }]);
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const decider = requestDecider(inventory, binding, { engine });
    const from = connection();
    const left = growth((turn) =>
      decider.request(
        from,
        request({ path: `/a-${turn % 60}/${turn}/b/${turn * 7}.${turn % 61}`, authority: `h${turn}.example` }),
      ),
    );
    expect(left).toBeLessThanOrEqual(1);
  });

  it('leaves nothing behind of requests that are allowed, whatever their tokens say', () => {
    const when = [
      { key: 'request.auth.claims[groups]', values: ['staff', 'admin*'] },
      { key: 'request.auth.principal', values: ['*'] },
    ];
    const { inventory, binding } = gateWith('waypoint', [{ rules: rules.map(({ to }) => ({ to, when })) }]);
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const decider = requestDecider(inventory, binding, { engine });
    const from = new ReadConnection(connection());
    const effects = { allow: 0, deny: 0 };
    const left = growth((turn) => {
      const asked = new ReadRequest(request({ path: `/b-${turn % 60}/${turn}?q`, authority: `h${turn % 60}.example` }), {
        audiences: [],
        claims: { iss: `issuer-${turn % 7}`, sub: `user-${turn}`, groups: [`g-${turn}`, turn % 3 === 0 ? 'other' : 'staff'] },
        edits: { removed: ['authorization'], added: [] },
      });
      effects[decider.request(from, asked).effect] += 1;
    });
    expect(effects.allow).toBeGreaterThan(effects.deny);
    expect(effects.deny).toBeGreaterThan(decisions / 4);
    expect(left).toBeLessThanOrEqual(1);
  });

  it('leaves nothing behind of what roles are asked, whoever connects and whatever requests make up', () => {
    const granted = Array.from({ length: 60 }, (_, index) =>
      boundRole(
        `r-${index}`,
        [
          {
            services: ['*'],
            paths: [`/a-${index}/*`, `*.${index}`],
            constraints: [{ key: 'destination.port', values: ['8080'] }],
          },
        ],
        [{ user: `cluster.local/ns/shop/sa/w-${index}` }, { properties: { 'request.auth.claims[groups]': `g-${index}*` } }],
      ),
    );
    const { inventory, binding } = gateWith('waypoint', [], { manifests: [rbacOn, ...granted.flat()] });
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const decider = requestDecider(inventory, binding, { engine });
    const reasons = new Map<string, number>();
    const client = (turn: number) =>
      new ReadConnection(connection({ identity: `spiffe://cluster.local/ns/shop/sa/w-${turn % 61}` }));
    // Most requests find what was kept with their connection, and some come on one of their own, of which nothing is kept. What is kept with connections that
    // are gone goes with a later collection, and the room that V8 has for it after that: a megabyte or two, however many there were.
    const kept = Array.from({ length: 61 }, (_, turn) => client(turn));
    const left = growth((turn) => {
      const from = turn % 3 === 0 ? client(turn) : (kept[turn % 61] ?? client(turn));
      const asked = new ReadRequest(request({ path: `/a-${(turn % 2 === 0 ? turn : 7 * turn) % 61}/${turn}` }), {
        audiences: [],
        claims: { sub: `user-${turn}`, groups: [`g-${turn % 2 === 0 ? turn % 61 : turn}-${turn}`] },
        edits: { removed: [], added: [] },
      });
      const { reason } = decider.request(from, asked);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    });
    expect(reasons.get('role-match')).toBeGreaterThan(decisions / 10);
    expect(reasons.get('no-role-match')).toBeGreaterThan(decisions / 10);
    expect(left).toBeLessThanOrEqual(1);
  });

  it('leaves nothing behind, whoever connects', () => {
    const l4 = rules.map(({ from }) => ({ from }));
    const { inventory, binding } = gateWith('ztunnel', [{ action: 'DENY', rules: l4 }]);
    const decider = connectionDecider(inventory, binding, { engine });
    const left = growth((turn) =>
      decider.connection(
        connection({
          identity: `spiffe://cluster.local/ns/n-${turn}/sa/${turn}x`,
          sourceIp: `10.${turn % 60}.${turn % 251}.${turn % 13}`,
        }),
      ),
    );
    expect(left).toBeLessThanOrEqual(1);
  });
});
