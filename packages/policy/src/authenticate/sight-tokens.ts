import type { EditedRequest } from './edited-request.js';
import { type RulesOutcome, weightiest } from './evaluate-rules.js';
import { type FoundToken, findTokens } from './find-tokens.js';
import type { Token } from './read-token.js';
import type { BoundJwtRule, TokenJudge } from './token-judge.js';

/** Everything in the place of a token, each with the rule that accepts it, or with what refuses it. */
export interface Sighting {
  readonly found: FoundToken;
  readonly accepted?: { readonly bound: BoundJwtRule; readonly token: Token };
  readonly fault?: RulesOutcome['fault'];
}

/**
 * All that stands where any rule looks for tokens. `strict` admits a request only if each is accepted by one of the rules that
 * look there: whoever is behind the gate must not take a bad one for verified (design: "a bad token beside a good one").
 */
export function sightTokens(rules: readonly BoundJwtRule[], request: EditedRequest, judge: TokenJudge): readonly Sighting[] {
  const places = new Map<string, { readonly found: FoundToken; readonly rules: BoundJwtRule[] }>();
  for (const bound of rules) {
    for (const found of findTokens(bound.rule, request, 'all')) {
      const key = JSON.stringify([found.location.kind, found.location.name, found.text]);
      const place = places.get(key) ?? { found, rules: [] };
      place.rules.push(bound);
      places.set(key, place);
    }
  }
  return [...places.values()].map(({ found, rules: looking }) => sight(found, looking, judge));
}

function sight(found: FoundToken, rules: readonly BoundJwtRule[], judge: TokenJudge): Sighting {
  const faults: NonNullable<RulesOutcome['fault']>[] = [];
  for (const bound of rules) {
    const token = judge.judge(bound.rule, found.text);
    if (!('fault' in token)) return { found, accepted: { bound, token } };
    faults.push({ fault: token.fault, bound });
  }
  const fault = weightiest(faults);
  return { found, ...(fault === undefined ? {} : { fault }) };
}
