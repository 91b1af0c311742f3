import type { Authentication, RequestAttributes, TokenRefusal } from '../verdict/attributes.js';
import { clockSkew } from './check-token.js';
import { claimAttributes } from './claims.js';
import { EditedRequest } from './edited-request.js';
import { RuleEvaluation, type RulesOutcome } from './evaluate-rules.js';
import { outputHeaders, removeLookalikes } from './output-headers.js';
import { removeToken } from './remove-token.js';
import { type Sighting, sightTokens } from './sight-tokens.js';
import { tokenFaults } from './token-fault.js';
import { type BoundJwtRule, type KnownSignatures, TokenJudge, type WantedSignature } from './token-judge.js';

/** What the stage of tokens is given. */
export interface AuthenticationInput {
  readonly dialect: 'strict' | 'upstream';
  /** The rules of the gate, in the order of their issuers. */
  readonly rules: readonly BoundJwtRule[];
  readonly request: RequestAttributes;
  /** `:path` after normalisation, with its query. */
  readonly path: string;
  /** Seconds since 1970. */
  readonly now: number;
  readonly signatures: KnownSignatures;
}

/** What the tokens of a request come to, as far as is known: signatures that are `wanted` count as bad. */
export interface AuthenticationResult {
  readonly authentication: Authentication;
  /** Ask again once these are known; empty where nothing is missing. */
  readonly wanted: readonly WantedSignature[];
}

/**
 * Looks for tokens, judges them, and says what policy and application are to see (reference sections 0.10 and 8). Pure: time and
 * signatures are inputs. A complete CORS preflight carries no credentials and is let through unseen.
 */
export function authenticate(input: AuthenticationInput): AuthenticationResult {
  const judge = new TokenJudge(input.now, input.signatures);
  const request = new EditedRequest(input.request, input.path);
  const strict = input.dialect === 'strict';
  if (strict) for (const { rule } of input.rules) removeLookalikes(rule, request);
  if (isPreflight(request, input.request)) return { authentication: passed(input, request), wanted: [] };
  const sightings = strict ? sightTokens(input.rules, request, judge) : [];
  const unaccepted = sightings.find(({ fault }) => fault !== undefined)?.fault;
  if (unaccepted !== undefined) return { authentication: refused(input, unaccepted), wanted: judge.wanted };
  const outcome = new RuleEvaluation(judge, request, input.dialect).evaluate(input.rules);
  if (outcome.fault !== undefined) return { authentication: refused(input, outcome.fault), wanted: judge.wanted };
  for (const { found, accepted } of sightings) {
    if (accepted !== undefined && !accepted.bound.rule.forwardOriginalToken) removeToken(found.location, 'strict', request);
  }
  return { authentication: passed(input, request, outcome, sightings), wanted: judge.wanted };
}

function isPreflight(request: EditedRequest, { method }: RequestAttributes): boolean {
  const has = (name: string) => (request.values(name)[0] ?? '') !== '';
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method');
}

function passed(
  { path, rules }: AuthenticationInput,
  request: EditedRequest,
  outcome?: RulesOutcome,
  sightings: readonly Sighting[] = [],
): Authentication {
  const expiries = sightings.flatMap(({ accepted }) => (accepted && accepted.token.expires > 0 ? accepted.token.expires : []));
  const expiresAt = Math.min(outcome?.expiresAt ?? Number.POSITIVE_INFINITY, ...expiries.map((each) => each + clockSkew));
  return {
    ...claimAttributes(outcome?.claims ?? Object.create(null)),
    ...(Number.isFinite(expiresAt) ? { expiresAt } : {}),
    edits: request.edits(
      path,
      rules.flatMap(({ rule }) => outputHeaders(rule)),
    ),
  };
}

function refused(input: AuthenticationInput, { fault, bound }: NonNullable<RulesOutcome['fault']>): Authentication {
  const { kind, metadata } = bound.policy;
  const refusal: TokenRefusal = {
    // The one fault that says who the client is, and that it is somebody else's token.
    status: fault === 'audience' ? 403 : 401,
    body: tokenFaults[fault],
    wwwAuthenticate: `Bearer realm="${realm(input)}", error="invalid_token"`,
    policy: { kind, namespace: metadata.namespace, name: metadata.name, rule: bound.rule.index, span: bound.rule.span },
  };
  return { ...claimAttributes(Object.create(null)), refused: refusal, edits: { removed: [], added: [] } };
}

const longestPath = 256;

function realm({ request, path }: AuthenticationInput): string {
  return `${request.scheme ?? 'http'}://${request.authority}${path.slice(0, longestPath)}`;
}
