import type { BoundPolicy } from '../bind/binding.js';
import type { RoleDestination, RoleScope } from '../bind/roles/role-scope.js';
import { replacementsOf, scopeOf } from '../bind/roles/scope-of.js';
import type { Inventory } from '../inventory/inventory.js';
import { connectionFacts, type Facts } from '../reference/facts.js';
import { headerView } from '../reference/headers.js';
import { normalizePath, pathWithoutQuery } from '../reference/path/normalize-path.js';
import { requestDefect } from '../reference/request-defect.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Verdict } from '../verdict/verdict.js';
import { refusedVerdict, unreadableVerdict } from './compose-verdict.js';
import type { DeciderOptions } from './decider.js';
import { chosenEngine } from './engine.js';
import { envoyStage } from './policy-stage.js';
import { roleStage } from './role-stage.js';
import { onceNeeded, total } from './total.js';

/** Decides for one workload behind one service as the sidecar of the older generation in front of it did. Never throws. */
export interface RoleDecider {
  /** Absent where RBAC is off for the service, or where AuthorizationPolicies have taken its place. */
  readonly scope?: RoleScope;
  /** The AuthorizationPolicies that have taken its place. */
  readonly policies: readonly BoundPolicy[];
  connection(connection: ConnectionAttributes): Verdict;
  request(connection: ConnectionAttributes, request: RequestAttributes): Verdict;
}

/** What governs a destination where both generations are known, ready to be asked. */
export function roleDecider(
  inventory: Inventory,
  destination: RoleDestination,
  { engine = chosenEngine() }: DeciderOptions = {},
): RoleDecider {
  const scope = scopeOf(inventory, destination);
  const policies = replacementsOf(inventory, destination);
  const roles = onceNeeded(() => roleStage(inventory, scope === undefined ? [] : [scope], engine));
  const stages = {
    http: onceNeeded(() => envoyStage(inventory, { policies }, 'http', engine)),
    tcp: onceNeeded(() => envoyStage(inventory, { policies }, 'tcp', engine)),
  };
  const decide = (connection: ConnectionAttributes, seen?: Parsed): Verdict => {
    const facts = connectionFacts(connection, () => true);
    if ('unreadable' in facts) return unreadableVerdict(facts);
    const layer = seen === undefined ? 'tcp' : 'http';
    const verdict = stages[layer]()({ ...facts, ...httpFacts(seen) }, 'custom-unsettled');
    return roles().decide(verdict, connection, seen?.request, seen?.headers);
  };
  const judged = total((connection: ConnectionAttributes, request: RequestAttributes | undefined): Verdict => {
    const seen = request && parse(inventory, request);
    return seen !== undefined && 'refused' in seen ? refusedVerdict(seen) : decide(connection, seen);
  });
  return {
    ...(scope === undefined ? {} : { scope }),
    policies,
    connection: (connection) => judged(connection, undefined, undefined),
    request: (connection, request) => judged(connection, request, undefined),
  };
}

interface Parsed {
  readonly request: RequestAttributes;
  readonly path: string;
  readonly headers: ReturnType<typeof headerView>;
}

function httpFacts(seen: Parsed | undefined): Pick<Facts, 'http'> {
  if (seen === undefined) return {};
  const { method, authority } = seen.request;
  return { http: { method, authority, path: pathWithoutQuery(seen.path), headers: seen.headers, tokenRefused: false } };
}

/** The recorded sidecar left a request without a host to policy. */
function parse(inventory: Inventory, request: RequestAttributes): Parsed | Parameters<typeof refusedVerdict>[0] {
  const defect = requestDefect({ ...request, authority: request.authority === '' ? '-' : request.authority });
  if (defect !== undefined) return { refused: defect.detail, status: defect.status };
  const { path, status } = normalizePath(request.path, inventory.mesh.pathNormalization);
  if (path === undefined) return { refused: 'the path cannot be normalised', status };
  return { request, path, headers: headerView(request, { path }) };
}
