import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildInventory, loadResources, migrate, strict } from '../../src/index.js';
import { inventoryWith } from '../../src/migrate/migrate.js';
import { prove } from '../../src/migrate/prove/prove.js';

const path = 'shop.in.yaml';
const files = [{ path, text: readFileSync(new URL(`goldens/${path}`, import.meta.url), 'utf8') }];
const { set } = loadResources(files, strict);
const before = buildInventory(set, strict).inventory;
const { text } = migrate(files, strict);

/** The gates that answer otherwise once the migration says something else. */
function differing(written: string): readonly string[] {
  const proofs = prove(before, inventoryWith(set, written, strict));
  return proofs.filter(({ difference }) => difference !== undefined).map(({ gate }) => gate.split(' ').slice(0, 2).join(' '));
}

const waypoint = 'waypoint shop/gate';

describe('the proof of a migration', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(differing(text)).toEqual([]);
  });

  it.each([
    ['a method is left out', '[GET, HEAD]', '[GET]', waypoint],
    ['a method is added', '[GET, HEAD]', '[GET, HEAD, PUT]', waypoint],
    ['a path is shorter', '"/cart/*"', '"/cart*"', waypoint],
    ['a namespace is the beginning of one', '[monitoring]', '["monitoring*"]', waypoint],
    ['a name is the end of one', 'principals: [cluster.local/ns/shop/sa/web]', 'principals: ["*/sa/web"]', waypoint],
    ['somebody is somebody else', 'sa/web]', 'sa/web2]', waypoint],
    ['the waypoint is somebody else', 'sa/gate]', 'sa/gate2]', 'ztunnel shop/cart-1'],
    ['another port is open', 'notPorts: ["8080"]', 'notPorts: ["8081"]', 'ztunnel shop/cart-1'],
    ['a port is another', '\n            ports: ["5432"]', '\n            ports: ["5433"]', 'ztunnel shop/db-1'],
    ['what was tried out is enforced', 'istio.io/dry-run: "true"', 'istio.io/dry-run: "false"', 'ztunnel shop/db-1'],
    ['a selector selects nobody', 'app: db', 'app: dbs', 'ztunnel shop/db-1'],
  ])('finds that %s', (_, written, mutated, gate) => {
    expect(text).toContain(written);
    expect(differing(text.replaceAll(written, mutated))).toContain(gate);
  });

  it('finds that a path no longer sees the query', () => {
    const condition = /when:\n\s+- key: "request.headers\[:path\]"\n\s+values: (.*)\n/g;
    const mutated = text.replace(condition, 'to:\n        - operation:\n            paths: $1\n');
    expect(mutated).not.toBe(text);
    expect(differing(mutated)).toContain(waypoint);
  });

  it('finds each of the policies that is left out', () => {
    const documents = text.split('---\n');
    const needed = documents.filter(
      (_, index) => differing(documents.filter((__, other) => other !== index).join('---\n')).length > 0,
    );
    // Where a role grants something its own policies close the gate too, and what is tried out decides nothing.
    const spare = documents.filter((each) => !needed.includes(each)).map((each) => /name: (\S+)/.exec(each)?.[1]);
    expect(spare).toEqual(['default-deny-cart', 'keeper-db-1-ztunnel-dry-run']);
  });

  it('names the request on which a gate differs, and what was and is said of it', () => {
    const [proof] = prove(before, inventoryWith(set, text.replaceAll('[GET, HEAD]', '[GET]'), strict)).filter(
      ({ difference }) => difference !== undefined,
    );
    expect(proof?.difference).toMatchObject({
      layer: 'http',
      request: { method: 'HEAD' },
      before: { effect: 'allow', reason: 'role-match' },
      after: { effect: 'deny', reason: 'no-allow-match' },
    });
  });

  it('takes all pairs and random requests where there are too many combinations, and still finds what differs', () => {
    const sampled = prove(before, inventoryWith(set, text, strict), 100).find(({ gate }) => gate.startsWith(waypoint));
    expect(sampled).toMatchObject({ exhaustive: false });
    const wrong = inventoryWith(set, text.replaceAll('"/cart/*"', '"/cart*"'), strict);
    expect(prove(before, wrong, 100).some(({ difference }) => difference !== undefined)).toBe(true);
  });
});
