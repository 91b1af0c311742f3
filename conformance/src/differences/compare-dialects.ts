import type { Inventory, Verdict } from '@sallyport/policy';
import { gateAsked } from '../recorded/gate-asked.js';
import type { Query, RecordedCase, RoleQuery } from '../recorded/recorded-case.js';
import { withTokens } from '../recorded/with-tokens.js';
import { type BothDialects, readInBoth } from './both-dialects.js';
import { compareRoles } from './compare-roles.js';
import { dialectRow, dialectRows } from './dialect-rows.js';
import type { Difference } from './difference.js';
import { rowsBehind } from './explain-difference.js';

type Found = Omit<Difference, 'where'>;

/** Asks every query of a recorded mesh in both dialects, and finds out where they differ and why. */
export function compareDialects(recorded: RecordedCase, file: string): readonly Difference[] {
  const both = readInBoth(recorded);
  return recorded.queries.flatMap((written) => {
    const found = isRoleQuery(written) ? compareRoles(both, written) : compareQuery(both, withTokens(written, recorded.tokens));
    return found === undefined ? [] : [{ where: `${file} ${written.id}`, ...found }];
  });
}

function isRoleQuery(query: Query | RoleQuery): query is RoleQuery {
  return query.gate === 'sidecar-http' || query.gate === 'sidecar-tcp';
}

function compareQuery({ strict, upstream }: BothDialects, query: Query): Found | undefined {
  const theirs = answer(upstream.inventory, query);
  const codes = new Set(strict.refused.map(({ code }) => code));
  if (codes.size > 0 && upstream.refused.length === 0) {
    // A folder with an invalid object in it gets no verdict: nothing is up that could allow anything.
    const rows = dialectRows.filter((row) => row.codes?.some((code) => codes.has(code)));
    return theirs.effect === 'deny' ? undefined : { strict: 'deny', reason: [...codes].join(), rows };
  }
  const ours = answerOrRefusal(strict.inventory, query);
  if (typeof ours === 'string') {
    const rows = [dialectRow('waypoint named but missing or not ready')];
    return theirs.effect === 'deny' ? undefined : { strict: 'deny', reason: ours, rows };
  }
  if (ours.effect === theirs.effect) return undefined;
  const found = { strict: ours.effect, reason: ours.reason };
  if (!isAdmissible(query.source.identity)) return { ...found, rows: [], beforePolicy: true };
  const compared = {
    strict: { inventory: strict.inventory, verdict: ours },
    upstream: { inventory: upstream.inventory, verdict: theirs },
  };
  return { ...found, rows: rowsBehind(compared, query) };
}

function answer(inventory: Inventory, query: Query): Verdict {
  const asked = gateAsked(inventory, query);
  return asked.decide(asked.binding);
}

/** In `strict` the gate that upstream puts before a service may be none. */
function answerOrRefusal(inventory: Inventory, query: Query): Verdict | 'waypoint-unavailable' {
  try {
    return answer(inventory, query);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('the target has no waypoint: refused')) return 'waypoint-unavailable';
    throw error;
  }
}

/** Whether a handshake lets an identity in: no identity, or a SPIFFE one of exactly five parts (reference section 7.2). */
function isAdmissible(identity: string | null): boolean {
  return identity === null || /^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(identity);
}
