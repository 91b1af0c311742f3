import { type DialectName, explain, type Question } from '@sallyport/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askGate } from '../../src/cases/ask-gate.js';
import type { CaseAnswer, CaseMesh } from '../../src/cases/engine.js';
import { interpreter, inventoryOf } from '../../src/cases/interpreter.js';
import { arbitraryPolicy, policyManifest } from '../../src/generate/arbitrary-policy.js';
import { arbitraryWorld, type World } from '../../src/generate/arbitrary-world.js';
import { openingRows } from '../../src/generate/opening-rows.js';
import { writeCase } from '../../src/generate/write-case.js';

const dialects: readonly DialectName[] = ['strict', 'upstream'];
const generations = ['policies', 'roles'] as const;
const runs = { numRuns: 40 };

function answers(world: World, dialect: DialectName, mesh: CaseMesh = world): CaseAnswer[] {
  const loaded = interpreter.load(mesh, dialect);
  return world.queries.map((query) => loaded.answer(query));
}

/** Says of a counterexample how it would look among the cases. */
function hold(world: World, dialect: DialectName, law: (given: readonly CaseAnswer[]) => void): void {
  const given = answers(world, dialect);
  try {
    law(given);
  } catch (error) {
    throw new Error(`in ${dialect}, a counterexample:\n${writeCase(world, given, dialect)}`, { cause: error });
  }
}

const effects = (given: readonly CaseAnswer[]) => given.map(({ effect }) => effect);

describe('generated worlds', () => {
  it.each(generations)('are made so that about half of what is asked is allowed (%s)', (generation) => {
    const worlds = fc.sample(arbitraryWorld(generation), { numRuns: 70, seed: 7 });
    for (const dialect of dialects) {
      const given = worlds.flatMap((world) => effects(answers(world, dialect)));
      const share = given.filter((effect) => effect === 'allow').length / given.length;
      expect(share, dialect).toBeGreaterThan(0.4);
      expect(share, dialect).toBeLessThan(0.65);
    }
  });

  it('decide by many rules, not by a few', () => {
    const worlds = fc.sample(arbitraryWorld(), { numRuns: 70, seed: 7 });
    const reasons = new Set(worlds.flatMap((world) => answers(world, 'strict').map(({ reason }) => reason)));
    expect([...reasons]).toEqual(
      expect.arrayContaining([
        'allow-policy',
        'deny-policy',
        'no-allow-match',
        'no-allow-policy',
        'l7-at-ztunnel',
        'mtls-required',
      ]),
    );
  });
});

describe.each(generations)('every gate (%s)', (generation) => {
  it('answers everything that is well-formed, and nothing fails inside it', () => {
    fc.assert(
      fc.property(arbitraryWorld(generation), fc.constantFrom(...dialects), (world, dialect) => {
        hold(world, dialect, (given) => expect(given.map(({ reason }) => reason)).not.toContain('internal-error'));
      }),
      runs,
    );
  });

  it('answers alike whatever the order of the manifests', () => {
    const shuffled = arbitraryWorld(generation).chain((world) =>
      fc.tuple(fc.constant(world), fc.shuffledSubarray([...world.manifests], { minLength: world.manifests.length })),
    );
    fc.assert(
      fc.property(shuffled, fc.constantFrom(...dialects), ([world, manifests], dialect) => {
        hold(world, dialect, (given) => expect(answers(world, dialect, { ...world, manifests })).toEqual(given));
      }),
      runs,
    );
  });
});

describe('the dialects', () => {
  it('differ towards closing, but for the rows that say otherwise', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(arbitraryWorld(), (world) => {
        hold(world, 'strict', (given) => {
          const theirs = answers(world, 'upstream');
          for (const [index, query] of world.queries.entries()) {
            if (given[index]?.effect !== 'allow' || theirs[index]?.effect !== 'deny') continue;
            const rows = openingRows(world, query);
            expect(rows, `strict admits what upstream denies: query ${index}`).not.toEqual([]);
            if (rows.length === 1) for (const row of rows) seen.add(row);
          }
        });
      }),
      { numRuns: 160, seed: 11 },
    );
    // Where two rows may have a say neither is known to be the reason; the cases show each of them by itself.
    expect(seen.size).toBeGreaterThanOrEqual(2);
  });
});

describe('DENY', () => {
  const everywhere = [
    policyManifest('shop', 'closed', { action: 'DENY', rules: [{}] }),
    policyManifest('shop', 'closed-service', {
      action: 'DENY',
      rules: [{}],
      targetRefs: [{ group: '', kind: 'Service', name: 'api' }],
    }),
  ];

  it('overrides every ALLOW', () => {
    fc.assert(
      fc.property(arbitraryWorld(), fc.constantFrom(...dialects), (world, dialect) => {
        hold(world, dialect, () => {
          const closed = answers(world, dialect, { ...world, manifests: [...world.manifests, ...everywhere] });
          expect(new Set(effects(closed))).toEqual(new Set(['deny']));
        });
      }),
      runs,
    );
  });

  it('never admits more by being added', () => {
    const denying = arbitraryPolicy('added').map((policy) => ({
      ...policy,
      spec: { ...(policy.spec as object), action: 'DENY' },
    }));
    fc.assert(
      fc.property(arbitraryWorld(), denying, fc.constantFrom(...dialects), (world, added, dialect) => {
        hold(world, dialect, (given) => {
          const after = answers(world, dialect, { ...world, manifests: [...world.manifests, added] });
          for (const [index, { effect }] of given.entries()) if (effect === 'deny') expect(after[index]?.effect).toBe('deny');
        });
      }),
      runs,
    );
  });
});

describe('explain', () => {
  it('says of every gate what the gate decides', () => {
    let gates = 0;
    fc.assert(
      fc.property(arbitraryWorld(), fc.constantFrom(...dialects), fc.boolean(), (world, dialect, outside) => {
        const inventory = inventoryOf(world, { name: dialect, flags: {} });
        const [workload, gateway] = [inventory.workloads.get('other/web'), inventory.gateways.get('shop/edge')];
        if (!workload || !gateway) throw new Error('every generated mesh has both');
        const request = world.queries.find((query) => query.request)?.request ?? {};
        const { method = 'GET', path = '/', host = 'api.shop', headers = [] } = request;
        const question: Question = {
          client: outside ? { kind: 'address', address: '203.0.113.7' } : { kind: 'workload', workload },
          target: { scheme: 'http', host: 'api.shop', port: 80, protocol: 'TCP' },
          plaintext: false,
          request: { method, path, authority: host, headers, httpVersion: 1 },
        };
        const explanation = explain(inventory, question);
        for (const gate of explanation.gates) {
          const identity = gate.sourceIdentity === null ? {} : { identity: gate.sourceIdentity };
          const layer = gate.gate === 'ztunnel' ? 'ztunnel' : gate.gate;
          const target = gate.gate === 'ztunnel' ? `Pod/${gate.name}` : 'Service/shop/api';
          const { verdict } = askGate(inventory, {
            layer,
            target,
            port: gate.destinationPort ?? 0,
            source: { ...identity, ip: gate.sourceIp ?? '' },
            ...(layer === 'ztunnel' ? {} : { request }),
          });
          expect({ effect: gate.effect, reason: gate.reason }).toEqual({ effect: verdict.effect, reason: verdict.reason });
          gates += 1;
        }
        const denied = explanation.gates.some(({ effect }) => effect === 'deny');
        expect(explanation.effect).toBe(denied || explanation.failure !== null ? 'deny' : 'allow');
      }),
      runs,
    );
    expect(gates).toBeGreaterThan(25);
  });
});
