import type { Explanation, Inventory, Paint } from '@sallyport/policy';
import type { Outcome } from '../seeds/judge.js';
import type { CurlResult, GateAnswer, Scenario, SeedRequest } from '../seeds/scenario.js';
import { targetUrl } from '../seeds/target-url.js';

type GateExplanation = Explanation['gates'][number];

/** The heading of a scenario: what it shows, and what is promised of it. */
export function renderScenario({ title, promise }: Scenario, number: number, paint: Paint): string {
  return `\n${paint('strong', `${number}  ${title}`)}\n   ${paint('dim', promise)}\n`;
}

/** A request with how curl ended, then each gate with its verdict: what the gates really did, and where that is written. */
export function renderOutcome(outcome: Outcome, inventory: Inventory, explanation: Explanation, paint: Paint): string {
  const { request, observation, mismatches } = outcome;
  const mark = mismatches.length === 0 ? paint('allow', '✓') : paint('deny', '✗');
  const effect = paint(observation.effect, observation.effect === 'allow' ? 'allowed' : 'denied ');
  const head = `   ${mark} ${effect} ${curlWords(observation.curl).padEnd(9)} ${requestWords(request, inventory)}`;
  const gates = observation.gates.map((gate, index) => gateLine(gate, explanation.gates[index], paint));
  const wrong = mismatches.map((line) => `       ${paint('deny', `not as expected: ${line}`)}`);
  return [head, ...gates, ...wrong].map((line) => `${line}\n`).join('');
}

function curlWords(curl: CurlResult | undefined): string {
  if (curl === undefined) return '';
  if (curl.exitStatus !== 0) return `curl ${curl.exitStatus}`;
  return curl.httpStatus === undefined ? 'curl 0' : `HTTP ${curl.httpStatus}`;
}

function requestWords(request: SeedRequest, inventory: Inventory): string {
  const client = request.from ?? 'outside';
  const way = request.via === undefined ? '→' : `→ ${request.via} →`;
  const pod = request.pod === undefined ? '' : `  (the pod ${request.pod} itself)`;
  return `${client} ${way} ${request.method ?? 'GET'} ${targetUrl(inventory, request)}${pod}`.replace('GET dict:', 'dict:');
}

function gateLine(gate: GateAnswer, explained: GateExplanation | undefined, paint: Paint): string {
  const verb = paint(gate.effect, gate.effect === 'allow' ? 'admits' : 'denies');
  const why = [reasonWords(gate, explained), placeOf(explained)].filter((words) => words !== '').join('  ');
  return `       ${`${gate.gate} ${gate.name}`.padEnd(38)} ${verb} ${seen(gate).padEnd(27)} ${paint('dim', why)}`;
}

/** Whom the gate saw, short: the trust domain is the same for all. */
function seen({ sourceIdentity }: GateAnswer): string {
  const match = /^spiffe:\/\/[^/]+\/ns\/(.+)\/sa\/(.+)$/.exec(sourceIdentity ?? '');
  return match === null ? (sourceIdentity ?? 'a client without identity') : `${match[1]}/${match[2]}`;
}

function reasonWords({ reason, policy }: GateAnswer, explained: GateExplanation | undefined): string {
  if (reason === 'no-policy') return 'no policy applies';
  if (reason === 'no-allow-policy') return 'no DENY policy matches';
  if (reason === 'no-allow-match') return `not admitted by ${explained?.nearest?.policy ?? 'any policy'}`;
  if (reason === 'l7-at-ztunnel') return `${policy} needs HTTP`;
  return policy ?? reason;
}

function placeOf(explained: GateExplanation | undefined): string {
  const place = explained?.file == null ? explained?.nearest : explained;
  return place?.file == null ? '' : `${place.file}:${place.line}`;
}
