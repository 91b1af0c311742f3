import type { JsonObject } from '../verdict/attributes.js';
import { clockSkew } from './check-token.js';
import { policyClaims } from './claims.js';
import type { EditedRequest } from './edited-request.js';
import { findTokens } from './find-tokens.js';
import { addOutputHeaders, removeOutputHeaders } from './output-headers.js';
import { removeToken } from './remove-token.js';
import type { TokenFault } from './token-fault.js';
import type { BoundJwtRule, TokenJudge } from './token-judge.js';

/** What a rule comes to: a token that holds, no token, or a fault. */
type RuleStatus = 'accepted' | 'missing' | TokenFault;

/** What the rules come to. */
export interface RulesOutcome {
  /** What refuses the request, with the rule that said so. */
  readonly fault?: { readonly fault: TokenFault; readonly bound: BoundJwtRule };
  readonly claims: JsonObject;
  readonly expiresAt: number;
}

/**
 * Evaluates the rules of a gate as Envoy evaluates Istio's configuration (reference sections 0.10 and 8.4): the first rule that
 * accepts all that it finds wins; where none does, each one must have found nothing. Each evaluation edits the request, and the
 * next one sees the edits, as upstream does it.
 */
export class RuleEvaluation {
  #claims: JsonObject = Object.create(null);
  #expiresAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly judge: TokenJudge,
    private readonly request: EditedRequest,
    private readonly dialect: 'strict' | 'upstream',
  ) {}

  evaluate(rules: readonly BoundJwtRule[]): RulesOutcome {
    const fault = this.#evaluateAny(rules);
    return { claims: this.#claims, expiresAt: this.#expiresAt, ...(fault === undefined ? {} : { fault }) };
  }

  #evaluateAny(rules: readonly BoundJwtRule[]): RulesOutcome['fault'] {
    const faults: NonNullable<RulesOutcome['fault']>[] = [];
    for (const bound of rules) {
      const status = this.#evaluateRule(bound);
      if (status === 'accepted') return undefined;
      if (status !== 'missing') faults.push({ fault: status, bound });
    }
    if (rules.length === 1) return faults[0];
    const all = this.#evaluateAll(rules);
    return all === undefined ? undefined : weightiest([...faults, all]);
  }

  /** The first rule that found something and did not accept it. */
  #evaluateAll(rules: readonly BoundJwtRule[]): RulesOutcome['fault'] {
    for (const bound of rules) {
      const status = this.#evaluateRule(bound);
      if (status !== 'accepted' && status !== 'missing') return { fault: status, bound };
    }
    return undefined;
  }

  /** The last place is looked at first, and the first one has the last word on claims. */
  #evaluateRule({ rule }: BoundJwtRule): RuleStatus {
    const { request } = this;
    removeOutputHeaders(rule, request);
    const tokens = findTokens(rule, request);
    for (const { text, location } of [...tokens].reverse()) {
      const token = this.judge.judge(rule, text);
      if ('fault' in token) return token.fault;
      addOutputHeaders(rule, token, request);
      if (!rule.forwardOriginalToken) removeToken(location, this.dialect, request);
      this.#claims = policyClaims(rule, token.payload);
      if (token.expires > 0) this.#expiresAt = Math.min(this.#expiresAt, token.expires + clockSkew);
    }
    return tokens.length === 0 ? 'missing' : 'accepted';
  }
}

/** The last fault that says more than that a token is of another issuer. */
export function weightiest<Fault extends { readonly fault: TokenFault }>(faults: readonly Fault[]): Fault | undefined {
  return faults.findLast(({ fault }) => fault !== 'issuer') ?? faults[0];
}
