import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/index.js';
import { type Candidate, combine } from '../../src/verdict/combine.js';

type Truth = 'true' | 'false' | 'fails';

/** A policy that needs no mesh: it matches, does not, or fails. */
interface Abstract {
  readonly action: Action;
  readonly dryRun: boolean;
  readonly truth: Truth;
}

const candidate = (policy: Abstract): Candidate<Abstract> => ({
  ...policy,
  match: () => {
    if (policy.truth === 'fails') throw new Error('this policy fails');
    return policy.truth === 'true' ? policy : undefined;
  },
});
const decide = (policies: readonly Abstract[]) => combine(policies.map(candidate));
const policy = (action: Action, truth: Truth = 'true', dryRun = false): Abstract => ({ action, dryRun, truth });

const truths = fc.constantFrom<Truth>('true', 'false', 'fails');
const anyPolicy = fc.record({
  action: fc.constantFrom<Action>('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
  dryRun: fc.boolean(),
  truth: truths,
});
const anyPolicies = fc.array(anyPolicy, { maxLength: 8 });
const enforced = (action: Action) => truths.map((truth) => policy(action, truth));

describe('combine', () => {
  it.each([
    ['allows without any policy', [], 'allow', 'no-policy'],
    ['allows what only DENY policies that do not match see', [policy('DENY', 'false')], 'allow', 'no-allow-policy'],
    ['denies what a DENY policy matches', [policy('ALLOW'), policy('DENY')], 'deny', 'deny-policy'],
    ['allows what an ALLOW policy matches', [policy('ALLOW', 'false'), policy('ALLOW')], 'allow', 'allow-policy'],
    ['denies what no ALLOW policy matches', [policy('ALLOW', 'false')], 'deny', 'no-allow-match'],
    ['denies what a CUSTOM policy matches', [policy('CUSTOM'), policy('DENY')], 'deny', 'custom-policy'],
    ['denies where a DENY policy fails', [policy('DENY', 'fails'), policy('ALLOW')], 'deny', 'internal-error'],
    [
      'denies where an ALLOW policy fails beside one that matches',
      [policy('ALLOW'), policy('ALLOW', 'fails')],
      'deny',
      'internal-error',
    ],
    ['denies where a CUSTOM policy fails', [policy('CUSTOM', 'fails'), policy('ALLOW')], 'deny', 'internal-error'],
    ['names the DENY that matches before one that fails', [policy('DENY', 'fails'), policy('DENY')], 'deny', 'deny-policy'],
  ] as const)('%s', (_, policies, effect, reason) => {
    expect(decide(policies)).toMatchObject({ effect, reason });
  });

  it('asks for the token after CUSTOM and before DENY', () => {
    const refuse = () => 'invalid-token' as const;
    expect(combine([policy('DENY')].map(candidate), refuse).reason).toBe('invalid-token');
    expect(combine([policy('CUSTOM')].map(candidate), refuse).reason).toBe('custom-policy');
    expect(combine([policy('ALLOW')].map(candidate), () => undefined).reason).toBe('allow-policy');
  });

  it('denies where the token stage fails', () => {
    const fail = () => {
      throw new Error('no');
    };
    expect(combine([policy('ALLOW')].map(candidate), fail)).toMatchObject({ effect: 'deny', reason: 'internal-error' });
  });

  it('names every match of the deciding action, in order', () => {
    const [first, second] = [policy('DENY'), policy('DENY')];
    expect(decide([policy('ALLOW'), first, policy('DENY', 'false'), second]).decisive).toEqual([first, second]);
  });

  it('lists the AUDIT policies that match', () => {
    expect(decide([policy('AUDIT'), policy('AUDIT', 'false'), policy('DENY')]).audit).toEqual([policy('AUDIT')]);
  });

  it.each([
    ['a DENY that matches would deny', [policy('DENY', 'true', true)], { deny: { effect: 'deny' } }],
    ['a DENY that does not would allow', [policy('DENY', 'false', true)], { deny: { effect: 'allow' } }],
    ['an ALLOW that does not match would deny', [policy('ALLOW', 'false', true)], { allow: { effect: 'deny' } }],
    [
      'an ALLOW that fails would deny',
      [policy('ALLOW', 'true', true), policy('ALLOW', 'fails', true)],
      { allow: { effect: 'deny' } },
    ],
    ['a DENY that fails would deny', [policy('DENY', 'fails', true)], { deny: { effect: 'deny' } }],
  ] as const)('says of dry runs that %s, and allows', (_, policies, shadow) => {
    expect(decide(policies)).toMatchObject({ effect: 'allow', shadow });
  });
});

describe('the laws of combining', () => {
  const law = (
    policies: fc.Arbitrary<Abstract[]>,
    one: fc.Arbitrary<Abstract>,
    holds: (policies: readonly Abstract[], one: Abstract) => boolean,
  ) => fc.assert(fc.property(policies, one, holds));
  const effect = (policies: readonly Abstract[]) => decide(policies).effect;

  it('deny overrides: a matching DENY denies beside any other policies', () => {
    fc.assert(fc.property(anyPolicies, (policies) => effect([...policies, policy('DENY')]) === 'deny'));
  });

  it('adding a DENY never widens', () => {
    law(
      anyPolicies,
      enforced('DENY'),
      (policies, deny) => !(effect(policies) === 'deny' && effect([...policies, deny]) === 'allow'),
    );
  });

  it('adding a CUSTOM never widens', () => {
    law(
      anyPolicies,
      enforced('CUSTOM'),
      (policies, each) => !(effect(policies) === 'deny' && effect([...policies, each]) === 'allow'),
    );
  });

  it('adding an ALLOW that does not fail to others never narrows', () => {
    const allow = fc.constantFrom<Truth>('true', 'false').map((truth) => policy('ALLOW', truth));
    law(anyPolicies, allow, (policies, each) => {
      const others = [...policies, policy('ALLOW', 'false')];
      return !(effect(others) === 'allow' && effect([...others, each]) === 'deny');
    });
  });

  it('a failing enforced policy denies, whatever the others are', () => {
    const failing = fc.constantFrom<Action>('ALLOW', 'DENY', 'CUSTOM').map((action) => policy(action, 'fails'));
    law(anyPolicies, failing, (policies, each) => effect([...policies, each]) === 'deny');
  });

  it('AUDIT and dry-run policies never change the effect, nor do they by failing', () => {
    const silent = anyPolicy.map((each): Abstract => (each.action === 'AUDIT' ? each : { ...each, dryRun: true }));
    law(anyPolicies, silent, (policies, each) => effect([...policies, each]) === effect(policies));
  });

  it('the order of policies does not matter to effect and reason', () => {
    fc.assert(
      fc.property(
        anyPolicies.chain((policies) =>
          fc.tuple(fc.constant(policies), fc.shuffledSubarray(policies, { minLength: policies.length })),
        ),
        ([policies, shuffled]) => {
          const [one, other] = [decide(policies), decide(shuffled)];
          return one.effect === other.effect && one.reason === other.reason;
        },
      ),
    );
  });

  it('a policy twice is the policy once', () => {
    law(anyPolicies, anyPolicy, (policies, each) => effect([...policies, each]) === effect([...policies, each, { ...each }]));
  });
});
