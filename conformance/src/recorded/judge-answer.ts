import { comparableHeaders } from './comparable-headers.js';
import type { Answer, ShadowAnswer } from './engine.js';
import type { Query } from './recorded-case.js';

/** What is wrong with an answer: no lines where it agrees with the record, else the disagreements and what was in force. */
export function judgeAnswer(query: Query, answer: Answer): readonly string[] {
  const { expect } = query;
  const wrong = [
    ...(answer.effect === expect.effect ? [] : [`expected ${expect.effect}, got ${answer.effect} (${answer.reason})`]),
    ...statusDisagreement(expect.status, answer),
    ...(answer.effect === expect.effect && !isTcp(query) ? policyDisagreement(expect.policy, answer) : []),
    ...shadowDisagreement('allow', expect.dryRun?.allow, answer.shadow.allow),
    ...shadowDisagreement('deny', expect.dryRun?.deny, answer.shadow.deny),
    ...pathDisagreement(expect.upstream?.path, answer),
    ...differences('checks', sortedChecks(expect.checks), sortedChecks(answer.checks)),
    ...(answer.effect === expect.effect ? wireDisagreements(query, answer) : []),
  ];
  if (wrong.length === 0) return [];
  const asked = JSON.stringify({ ...query, id: undefined, expect: undefined });
  const named = answer.matched.length === 0 ? 'none' : answer.matched.join(', ');
  return [
    ...wrong,
    `expected by ${expect.policy ?? 'no policy'}; matched: ${named}`,
    `enforced: ${answer.enforced.length === 0 ? 'nothing' : answer.enforced.join(', ')}`,
    `asked: ${asked}`,
  ];
}

function statusDisagreement(expected: number | undefined, answer: Answer): readonly string[] {
  if (expected === undefined || answer.status === undefined || answer.status === expected) return [];
  return [`expected status ${expected}, got ${answer.status}`];
}

/** Any policy that matches may be named; where none is named none may have matched. */
function policyDisagreement(expected: string | null | undefined, answer: Answer): readonly string[] {
  if (expected === undefined) return [];
  if (expected === null)
    return answer.matched.length === 0 ? [] : [`expected that no policy matches, got ${answer.matched.join(', ')}`];
  return answer.matched.includes(expected) ? [] : [`expected ${expected} to match`];
}

function shadowDisagreement(
  action: 'allow' | 'deny',
  expected: { readonly result: string; readonly policy: string | null } | undefined,
  shadow: ShadowAnswer | undefined,
): readonly string[] {
  if (expected === undefined) return [];
  if (shadow === undefined) return [`expected a dry-run result for ${action}, got none`];
  const result = shadow.effect === 'allow' ? 'allowed' : 'denied';
  if (result !== expected.result) return [`expected dry-run ${action} ${expected.result}, got ${result}`];
  const named = expected.policy === null || shadow.matched.includes(expected.policy);
  return named ? [] : [`expected dry-run policy ${expected.policy} to match, got ${shadow.matched.join(', ')}`];
}

function pathDisagreement(expected: string | undefined, answer: Answer): readonly string[] {
  if (expected === undefined || answer.path === undefined || answer.path === expected) return [];
  return [`expected path ${expected}, got ${answer.path}`];
}

/** On a TCP port upstream names no policy. */
function isTcp(query: Query): boolean {
  return 'protocol' in query && query.protocol === 'tcp';
}

/** What the backend and the client got. A denial by policy says so in a text of its own, and a backend answers with a type. */
function wireDisagreements(
  { expect, request }: Query & { readonly request?: { readonly method: string } },
  answer: Answer,
): readonly string[] {
  const received = expect.upstream?.headers;
  const upstream = differences(
    'headers upstream',
    received && comparableHeaders(received, received),
    received && answer.upstreamHeaders && comparableHeaders(answer.upstreamHeaders, received),
  );
  if (expect.effect === 'allow') {
    const { 'content-type': _, 'transfer-encoding': __, ...added } = expect.responseHeaders ?? {};
    return [...upstream, ...differences('headers to the client', expect.checks && added, answer.responseHeaders)];
  }
  if (answer.body === undefined) return upstream;
  const body = request?.method === 'HEAD' ? '' : answer.body;
  const { connection: _, 'transfer-encoding': __, ...headers } = expect.responseHeaders ?? {};
  const { 'www-authenticate': challenge, ...sent } = answer.responseHeaders ?? {};
  return [
    ...differences('body', expect.body, body),
    ...differences('challenge', expect.wwwAuthenticate, challenge),
    ...differences(
      'headers to the client',
      expect.responseHeaders && sortedRecord(headers),
      answer.responseHeaders && sortedRecord(sent),
    ),
  ];
}

function differences(what: string, expected: unknown, got: unknown): readonly string[] {
  if (expected === undefined || got === undefined) return [];
  const [one, other] = [JSON.stringify(expected), JSON.stringify(got)];
  return one === other ? [] : [`expected ${what} ${one}, got ${other}`];
}

/** Fields in one order, and the order of headers is not compared. */
function sortedChecks(checks: Answer['checks']): unknown {
  return checks?.map((check) => sortedRecord({ ...check, headers: [...check.headers].sort() }));
}

function sortedRecord(record: object): object {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
