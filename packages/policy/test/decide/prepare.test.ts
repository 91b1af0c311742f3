import { describe, expect, it } from 'vitest';
import { connectionDecider, type GateBinding, KeptDeciders, requestDecider, type Verdict } from '../../src/index.js';
import { connection, gateWith, request } from '../reference/mesh.js';

const gates = ['ztunnel', 'waypoint', 'gateway'] as const;
const rules = [{ from: [{ source: { namespaces: ['shop'] } }] }];

/** A gate with a DENY policy whose rule calls `read` whenever its sources are read, as whoever compiles it has to. */
function watched(gate: (typeof gates)[number], read: () => void) {
  const { inventory, binding } = gateWith(gate, [{ action: 'DENY', rules }]);
  const policies = binding.policies.map((bound) => ({
    ...bound,
    policy: { ...bound.policy, rules: bound.policy.rules.map((rule) => watchedRule(rule, read)) },
  }));
  return { inventory, binding: { ...binding, policies } };
}

function watchedRule<Rule extends { readonly from: unknown }>(rule: Rule, read: () => void): Rule {
  return Object.defineProperty({ ...rule }, 'from', {
    get: () => {
      read();
      return rule.from;
    },
  });
}

/** All that a decider of a gate can be asked, and the verdicts on it. */
function verdictsOf(inventory: Parameters<typeof connectionDecider>[0], binding: GateBinding, prepared: boolean): Verdict[] {
  const connections = connectionDecider(inventory, binding);
  if (prepared) connections.prepare();
  const verdicts = [connections.connection(connection())];
  if (binding.gate === 'ztunnel') return verdicts;
  const requests = requestDecider(inventory, binding);
  if (prepared) requests.prepare();
  return [...verdicts, requests.request(connection(), request())];
}

describe.each(gates)('a decider of a %s that has been prepared', (gate) => {
  it('compiles no policy when it is asked, and none again when it is prepared again', () => {
    let reads = 0;
    const { inventory, binding } = watched(gate, () => {
      reads += 1;
    });
    const connections = connectionDecider(inventory, binding);
    const requests = binding.gate === 'ztunnel' ? undefined : requestDecider(inventory, binding);
    const prepare = () => {
      connections.prepare();
      requests?.prepare();
    };
    prepare();
    const compiled = reads;
    expect(compiled).toBeGreaterThan(0);
    prepare();
    const denial = { effect: 'deny', reason: 'deny-policy' };
    expect(connections.authorizeConnection(connection()).kind).toBe('settled');
    expect(connections.connection(connection())).toMatchObject(denial);
    if (requests !== undefined) {
      expect(requests.authorizeRequest(connection(), request()).kind).toBe('settled');
      expect(requests.request(connection(), request())).toMatchObject(denial);
    }
    expect(reads).toBe(compiled);
  });

  it('decides as one that has not', () => {
    for (const action of ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']) {
      const provider = action === 'CUSTOM' ? { provider: { name: 'nobody' } } : {};
      const { inventory, binding } = gateWith(gate, [
        { action, rules: [{ to: [{ operation: { ports: ['8080'] } }] }], ...provider },
      ]);
      expect(verdictsOf(inventory, binding, true)).toStrictEqual(verdictsOf(inventory, binding, false));
    }
  });

  it('denies where it cannot be compiled, and throws no more than before', () => {
    const { inventory, binding } = watched(gate, () => {
      throw new Error('unreadable');
    });
    for (const verdict of verdictsOf(inventory, binding, true)) {
      expect(verdict).toMatchObject({ effect: 'deny', reason: 'internal-error', detail: 'the decision failed: unreadable' });
    }
  });
});

describe('deciders that are kept', () => {
  it('are not compiled again when the next snapshot is prepared', () => {
    let reads = 0;
    const { inventory, binding } = watched('ztunnel', () => {
      reads += 1;
    });
    if (binding.gate !== 'ztunnel') throw new Error('asked for a ztunnel');
    const { workload } = binding;
    const prepared = (previous?: KeptDeciders<typeof binding, ReturnType<typeof connectionDecider>>) => {
      const deciders = new KeptDeciders(inventory, previous);
      deciders.ofWorkload(workload, () => binding, connectionDecider).prepare();
      return deciders;
    };
    const first = prepared();
    const compiled = reads;
    expect(compiled).toBeGreaterThan(0);
    prepared(first);
    expect(reads).toBe(compiled);
  });
});
