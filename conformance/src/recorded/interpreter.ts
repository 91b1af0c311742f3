import {
  type Authorization,
  buildInventory,
  type Dialect,
  editedHeaders,
  type HeaderLine,
  type Inventory,
  loadResources,
  normalizePath,
  type RequestAttributes,
  type ResourceSet,
  type SourceFile,
  sortDiagnostics,
  type Verdict,
} from '@sallyport/policy';
import { acceptanceOf } from './acceptance-of.js';
import { askRoles, refusedRole } from './ask-roles.js';
import type { Answer, Engine, World } from './engine.js';
import { type GateAsked, gateAsked } from './gate-asked.js';
import { matchedPolicies, shadowAnswers } from './probe.js';
import type { L7Query, Query, RecordedMesh } from './recorded-case.js';
import { interpretStatuses } from './status/interpret-statuses.js';
import { recordedCheck, recordedHeaders } from './wire-headers.js';

/** The interpreter of `@sallyport/policy` in the dialect `upstream`. */
export const interpreter: Engine = {
  load(mesh) {
    const dialect: Dialect = { name: 'upstream', flags: textFlags(mesh.flags) };
    const { inventory } = buildInventory(loadValid(filesOf(mesh), dialect), dialect);
    return worldOf(inventory);
  },
  accepts(manifest) {
    return acceptanceOf(loadResources([{ path: 'manifest.yaml', text: manifest }], { name: 'upstream', flags: {} }));
  },
  statuses(mesh) {
    return interpretStatuses(filesOf(mesh), { name: 'upstream', flags: textFlags(mesh.flags) });
  },
  normalizePath(path, mode) {
    const normalized = normalizePath(path, mode);
    return normalized.path ?? normalized.status;
  },
};

function filesOf(mesh: RecordedMesh): readonly SourceFile[] {
  const manifests = { path: `${mesh.id}.yaml`, text: mesh.manifests };
  return mesh.meshConfig === undefined || mesh.meshConfig === null
    ? [manifests]
    : [manifests, { path: 'meshconfig.json', text: JSON.stringify(mesh.meshConfig) }];
}

function textFlags(flags: RecordedMesh['flags'] = {}): Dialect['flags'] {
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)]));
}

function loadValid(files: readonly SourceFile[], dialect: Dialect): ResourceSet {
  const { set, diagnostics } = loadResources(files, dialect);
  const [invalid] = sortDiagnostics(diagnostics).filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  if (invalid === undefined) return set;
  throw new Error(`${invalid.span.file}:${invalid.span.start.line}: ${invalid.code}: ${invalid.message}`);
}

function worldOf(inventory: Inventory): World {
  return {
    answer: (query) => answerOf(inventory, query),
    roles: (query) => askRoles(inventory, query),
    refusedRole: ({ destination, gate }) => refusedRole(inventory, destination, gate),
  };
}

function answerOf(inventory: Inventory, query: Query): ReturnType<World['answer']> {
  const asked = gateAsked(inventory, query);
  const verdict = asked.decide(asked.binding);
  if (verdict.reason === 'unsupported-policy') return { uncovered: verdict.detail ?? 'the gate keeps an earlier configuration' };
  if (query.gate === 'gateway' && dependsOnPort(inventory, query, verdict)) {
    return { uncovered: 'the port that the recorded gateway really listened on is not recorded' };
  }
  const isHttp = 'request' in query && query.request !== undefined && query.protocol !== 'tcp';
  return {
    effect: verdict.effect,
    reason: verdict.reason,
    ...(isHttp && verdict.effect === 'deny' ? { status: verdict.status ?? 403 } : {}),
    ...(asked.consultation === undefined ? {} : consultedAnswer(asked, verdict, query.source.ip)),
    ...(asked.path === undefined || verdict.effect === 'deny' ? {} : { path: asked.path() }),
    // The record names no policy where an authorizer or a token answered.
    matched: verdict.response === undefined ? matchedPolicies(inventory, asked, verdict) : [],
    shadow: shadowAnswers(asked),
    enforced: asked.binding.policies.map(({ policy }) => {
      const { namespace, name } = policy.metadata;
      return `${policy.action} ${namespace}/${name}${policy.dryRun ? ' (dry run)' : ''}`;
    }),
  } satisfies Answer;
}

/** The recorded gateway served its listener on some port of its own, so that a policy on ports cannot be compared. */
function dependsOnPort(inventory: Inventory, query: L7Query, verdict: Verdict): boolean {
  const elsewhere = gateAsked(inventory, { ...query, target: { ...query.target, port: 65535 } });
  const other = elsewhere.decide(elsewhere.binding);
  return other.reason !== verdict.reason || other.policy?.name !== verdict.policy?.name;
}

/** What the authorizers were asked, and what they changed. */
function consultedAnswer({ binding, request, consultation }: GateAsked, verdict: Verdict, peer: string): Partial<Answer> {
  if (consultation === undefined) return {};
  const { authorization, checks } = consultation;
  const appended: readonly HeaderLine[] = binding.gate === 'gateway' ? [['x-forwarded-for', peer]] : [];
  return {
    checks: checks.map(recordedCheck),
    ...(verdict.effect === 'deny' || request === undefined
      ? {}
      : {
          upstreamHeaders: recordedHeaders([...forwardedHeaders(request), ...appended]),
        }),
    ...(verdict.effect === 'allow'
      ? { responseHeaders: Object.fromEntries(authorization.responseHeaders.map(({ name, value }) => [name, value])) }
      : {}),
    ...(verdict.response === undefined ? {} : responseOf(verdict, authorization)),
  };
}

/** Claims are passed on in bytes, which the record shows as text. */
function forwardedHeaders({ headers, authentication }: RequestAttributes): readonly HeaderLine[] {
  const edits = authentication?.edits;
  if (edits === undefined) return headers;
  const added = edits.added.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('utf8')] as const);
  return editedHeaders(headers, { ...edits, added });
}

/** What the authorizers want to tell the client comes with the refusal of a token, too. */
function responseOf({ reason, response }: Verdict, { responseHeaders }: Authorization): Partial<Answer> {
  const { body = '', headers: own = [] } = response ?? {};
  const told = reason === 'invalid-token' ? responseHeaders.map(({ name, value }) => [name, value] as const) : [];
  const headers = [...own, ...told];
  const text = Buffer.from(body).toString('utf8');
  const type = text === '' ? {} : { 'content-type': 'text/plain' };
  return { body: text, responseHeaders: { ...type, ...Object.fromEntries(headers) } };
}
