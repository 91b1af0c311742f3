import type { Action } from '../resource/model/index.js';
import type { Reason } from './verdict.js';

/**
 * One policy, seen from the combining algorithm: an action, whether it is only tried out, and a question that names what
 * matched (`undefined`: nothing did). The question may throw.
 */
export interface Candidate<Match> {
  readonly action: Action;
  readonly dryRun: boolean;
  match(): Match | undefined;
}

/** What the dry-run policies of one action would have said. */
export interface Shadow<Match> {
  readonly effect: 'allow' | 'deny';
  readonly match?: Match;
}

/** What a set of policies comes to. */
export interface Outcome<Match> {
  readonly effect: 'allow' | 'deny';
  readonly reason: Extract<
    Reason,
    | 'no-policy'
    | 'allow-policy'
    | 'no-allow-policy'
    | 'deny-policy'
    | 'no-allow-match'
    | 'custom-policy'
    | 'invalid-token'
    | 'internal-error'
  >;
  /** What decided: every match of the deciding action, in the order of the candidates. Empty where nothing matched. */
  readonly decisive: readonly Match[];
  readonly audit: readonly Match[];
  /** Present for an action that has dry-run policies (reference section 2.6). */
  readonly shadow: { readonly deny?: Shadow<Match>; readonly allow?: Shadow<Match> };
  /** What the first failing question threw, whether or not that changed the effect. */
  readonly failure?: unknown;
}

/** What the stage between CUSTOM and AUDIT says: `undefined` passes, a reason denies. It may throw. */
export type TokenVerdict = () => 'invalid-token' | undefined;

/**
 * Combines policies in the order CUSTOM → JWT → AUDIT → DENY → ALLOW (reference section 2.1). Without an ALLOW policy
 * everything that nothing denied is allowed; AUDIT and dry-run policies never deny, not even by failing; an enforced policy
 * that fails denies. A CUSTOM policy that matches denies: no provider is called here.
 */
export function combine<Match>(candidates: readonly Candidate<Match>[], authenticate?: TokenVerdict): Outcome<Match> {
  const polls = new Map(candidates.map((candidate) => [candidate, poll(candidate)]));
  const enforced = candidates.filter((candidate) => !candidate.dryRun);
  const of = (action: Action) =>
    tally(enforced.filter((candidate) => candidate.action === action).map((each) => polls.get(each)));
  const failure = [...polls.values()].find((each) => each.failed);
  return {
    ...decide(candidates.length, of('CUSTOM'), authentication(authenticate), of('DENY'), of('ALLOW')),
    audit: of('AUDIT').matches,
    shadow: shadows(
      candidates.filter((candidate) => candidate.dryRun),
      polls,
    ),
    ...(failure === undefined ? {} : { failure: failure.error }),
  };
}

interface Poll<Match> {
  readonly match?: Match;
  readonly failed: boolean;
  readonly error?: unknown;
}

interface Tally<Match> {
  readonly asked: number;
  readonly matches: readonly Match[];
  readonly failed: boolean;
}

type Decision<Match> = Pick<Outcome<Match>, 'effect' | 'reason' | 'decisive'>;

function decide<Match>(
  candidates: number,
  custom: Tally<Match>,
  authentication: ReturnType<TokenVerdict> | 'internal-error',
  deny: Tally<Match>,
  allow: Tally<Match>,
): Decision<Match> {
  if (custom.matches.length > 0) return { effect: 'deny', reason: 'custom-policy', decisive: custom.matches };
  if (custom.failed) return denied('internal-error');
  if (authentication !== undefined) return denied(authentication);
  if (deny.matches.length > 0) return { effect: 'deny', reason: 'deny-policy', decisive: deny.matches };
  if (deny.failed || allow.failed) return denied('internal-error');
  if (allow.matches.length > 0) return { effect: 'allow', reason: 'allow-policy', decisive: allow.matches };
  if (allow.asked > 0) return denied('no-allow-match');
  return { effect: 'allow', reason: candidates === 0 ? 'no-policy' : 'no-allow-policy', decisive: [] };
}

function denied<Match>(reason: Outcome<Match>['reason']): Decision<Match> {
  return { effect: 'deny', reason, decisive: [] };
}

function authentication(authenticate: TokenVerdict | undefined): ReturnType<TokenVerdict> | 'internal-error' {
  try {
    return authenticate?.();
  } catch {
    return 'internal-error';
  }
}

function poll<Match>(candidate: Candidate<Match>): Poll<Match> {
  try {
    const match = candidate.match();
    return match === undefined ? { failed: false } : { match, failed: false };
  } catch (error) {
    return { failed: true, error };
  }
}

function tally<Match>(polls: readonly (Poll<Match> | undefined)[]): Tally<Match> {
  return {
    asked: polls.length,
    matches: polls.flatMap((each) => (each?.match === undefined ? [] : [each.match])),
    failed: polls.some((each) => each === undefined || each.failed),
  };
}

function shadows<Match>(
  candidates: readonly Candidate<Match>[],
  polls: ReadonlyMap<Candidate<Match>, Poll<Match>>,
): Outcome<Match>['shadow'] {
  const of = (action: Action) => candidates.filter((candidate) => candidate.action === action).map((each) => polls.get(each));
  const deny = of('DENY');
  const allow = of('ALLOW');
  return {
    ...(deny.length === 0 ? {} : { deny: shadow(tally(deny), 'deny', 'allow') }),
    ...(allow.length === 0 ? {} : { allow: shadow(tally(allow), 'allow', 'deny') }),
  };
}

function shadow<Match>(tallied: Tally<Match>, matched: 'allow' | 'deny', unmatched: 'allow' | 'deny'): Shadow<Match> {
  const [match] = tallied.matches;
  if (match !== undefined && !(tallied.failed && matched === 'allow')) return { effect: matched, match };
  return { effect: tallied.failed ? 'deny' : unmatched };
}
