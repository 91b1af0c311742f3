import type { Explanation, GateExplanation, NearestMiss, PolicyStatus, Step } from '../explanation.js';
import { describeReason } from './describe-reason.js';
import { type Paint, plainPaint } from './paint.js';

/** How an explanation is printed. */
export interface ExplanationRenderOptions {
  readonly paint?: Paint;
  /** Every policy that is not enforced; else only those that mean something on this path. */
  readonly all?: boolean;
}

const unboundShown = 5;
const margin = 13;
const ownSide = ' (the client’s own)';

/** The path of a request as a drawing: from the client down through each gate to the application. Ends with a line feed. */
export function renderExplanation(explanation: Explanation, options: ExplanationRenderOptions = {}): string {
  const paint = options.paint ?? plainPaint;
  const lines = explanation.steps.flatMap((step, index) => renderStep(explanation, step, index, paint, options.all ?? false));
  if (explanation.steps.at(-1)?.kind === 'gate') lines.push(paint('dim', '  ╳'));
  const remarks = [
    ...(explanation.failure === null ? [] : [`${label('fails', paint)}${explanation.failure.detail}`]),
    ...explanation.notCaptured.map((text) => `${label('not captured', paint)}${text}`),
    ...explanation.notes.map((text) => `${label('note', paint)}${text}`),
    ...explanation.statuses.map((status) => `${label('status', paint)}${describeStatus(status)}`),
    ...explanation.unmodelled.map(
      ({ kind, name, file, line }) => `${label('not modelled', paint)}${kind} ${name} at ${file}:${line} may change what happens`,
    ),
  ];
  return `${[...lines, ...(remarks.length === 0 ? [] : ['', ...remarks])].map((line) => line.trimEnd()).join('\n')}\n`;
}

/** The conditions of a policy on one line; what they say in full is in the JSON form and in `check -o json`. */
function describeStatus({ policy, conditions }: PolicyStatus): string {
  const told = conditions.map(({ type, status, reason }) => `${type} ${status} (${reason})`);
  return `${policy}: ${told.length === 0 ? 'none' : told.join(', ')}`;
}

function renderStep(explanation: Explanation, step: Step, index: number, paint: Paint, all: boolean): string[] {
  switch (step.kind) {
    case 'client':
      return renderEnd(
        'client',
        step.name,
        [[step.identity, step.address].filter((part) => part !== null).join('  '), step.note ?? ''],
        paint,
        true,
      );
    case 'source-ztunnel':
      return [paint('dim', '  ▼'), `${label('ztunnel', paint)}${paint('strong', step.name)}${ownSide}  sends on`];
    case 'leg':
      return [paint('dim', `  │ ${step.leg.protocol}${step.leg.note === null ? '' : `, ${step.leg.note}`}`), paint('dim', '  ▼')];
    case 'gate': {
      const gate = explanation.gates[step.index];
      return gate === undefined ? [] : renderGate(gate, index < explanation.steps.length - 1, paint, all);
    }
    case 'application': {
      const previous = explanation.steps[index - 1];
      const reached = step.reached ? '' : paint('deny', '  not reached');
      const arrow = previous?.kind === 'gate' ? [paint('dim', step.reached ? '  ▼' : '  ╳')] : [];
      return [
        ...arrow,
        `${label('application', paint)}${paint('strong', `${step.name}`)}  ${address(step.address, step.port)}${reached}`,
      ];
    }
  }
}

function renderEnd(kind: string, name: string, details: readonly string[], paint: Paint, goesOn: boolean): string[] {
  const bar = goesOn ? paint('dim', '  │') : '   ';
  const shown = details.filter((detail) => detail !== '' && detail !== name);
  return [`${label(kind, paint)}${paint('strong', name)}`, ...shown.map((detail) => `${bar}${' '.repeat(margin - 1)}${detail}`)];
}

function renderGate(gate: GateExplanation, goesOn: boolean, paint: Paint, all: boolean): string[] {
  const bar = goesOn ? paint('dim', '  │') : '   ';
  const side = gate.side === 'source' ? ownSide : '';
  const verdict = gate.effect === 'allow' ? paint('allow', '✓ allows') : paint('deny', '✗ denies');
  const rows: [string, string][] = [
    ['because', describeReason(gate)],
    ['sees', sees(gate)],
    ...nearestRows(gate.nearest),
    ...enforcedRows(gate),
    ...unboundRows(gate, all),
    ...gate.audit.map((name): [string, string] => ['audit', `${name} matched`]),
    ...dryRunRows(gate),
    ...gate.others
      .slice(0, 5)
      .map((other): [string, string] => [
        'but',
        `${other.name} ${other.effect === 'allow' ? 'allows' : 'denies'}: ${describeReason(other)}`,
      ]),
  ];
  const body = rows.map(
    ([name, text]) => `${bar}${' '.repeat(margin - 1)}${name === '' ? '' : paint('dim', `${name} `.padEnd(10))}${text}`,
  );
  return [`${label(gate.gate, paint)}${paint('strong', gate.name)}${side}${endpointCount(gate)}  ${verdict}`, ...body];
}

function endpointCount(gate: GateExplanation): string {
  return gate.endpoints > 1 ? ` and ${gate.endpoints - 1} more` : '';
}

function sees(gate: GateExplanation): string {
  const identity = gate.sourceIdentity ?? 'no identity (plaintext)';
  const from = gate.sourceIp === null ? '' : ` from ${gate.sourceIp}`;
  const remote = gate.remoteIp === null ? '' : `, on behalf of ${gate.remoteIp}`;
  const to =
    gate.destinationIp === null || gate.destinationPort === null
      ? ''
      : ` to ${address(gate.destinationIp, gate.destinationPort)}`;
  return `${identity}${from}${remote}${to}`;
}

function nearestRows(nearest: NearestMiss | null): [string, string][] {
  if (nearest === null) return [];
  const count = nearest.failed.length;
  return [
    [
      'nearest',
      `${nearest.policy} rule ${nearest.rule} at ${nearest.file}:${nearest.line} would allow it, but for ${count === 1 ? 'one condition' : `${count} conditions`}`,
    ],
    ...nearest.failed.map(({ attribute, seen, wanted, file, line }): [string, string] => [
      ' ',
      `${attribute}: wants ${wanted}, saw ${seen === null ? 'none' : `\`${seen}\``} (${file}:${line})`,
    ]),
  ];
}

function enforcedRows(gate: GateExplanation): [string, string][] {
  return gate.enforced.map(({ policy, action, attachment, dryRun, file, line }, index) => [
    index === 0 ? 'enforces' : ' ',
    `${policy} (${action}, by ${attachment}${dryRun ? ', dry-run' : ''}) at ${file}:${line}`,
  ]);
}

function unboundRows(gate: GateExplanation, all: boolean): [string, string][] {
  const shown = all ? gate.notEnforced : gate.notEnforced.filter((one) => one.about === 'this-path').slice(0, unboundShown);
  const rows = shown.map(({ policy, why }, index): [string, string] => [index === 0 ? 'not here' : ' ', `${policy}: ${why}`]);
  const left = gate.notEnforced.length - shown.length;
  if (left === 0) return rows;
  const more = shown.length === 0 ? '' : 'and ';
  return [
    ...rows,
    [shown.length === 0 ? 'not here' : ' ', `${more}${left} ${left === 1 ? 'policy' : 'policies'} about other objects`],
  ];
}

function dryRunRows(gate: GateExplanation): [string, string][] {
  if (gate.dryRun === null) return [];
  const by = gate.dryRun.policy === null ? '' : ` by ${gate.dryRun.policy}`;
  return [['dry-run', `would ${gate.dryRun.effect}${by}`]];
}

function label(text: string, paint: Paint): string {
  return `  ${paint('dim', text.padEnd(margin))}`;
}

function address(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
