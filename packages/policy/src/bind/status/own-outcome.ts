import type { Inventory, ServiceInfo } from '../../inventory/inventory.js';
import { type Dialect, flagEnabled } from '../../resource/dialect.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { policiesWithoutWaypoint } from '../closures.js';
import { firstL7Attribute } from '../l7-attribute.js';
import { resolveServiceWaypoint } from '../resolve-waypoint.js';
import type { Outcome } from './status-condition.js';
import { writtenServices } from './written-services.js';

/** What the gates here do with a policy in `strict` where Istio's would do something else (design: "Two dialects"); undefined elsewhere. */
export function ownPolicyOutcome(inventory: Inventory, policy: AuthorizationPolicy): Outcome | undefined {
  if (inventory.dialect.name === 'upstream') return undefined;
  return policy.targetRefs.length > 0 ? atWaypoint(inventory, policy) : atZtunnel(policy, inventory.dialect);
}

/** In `strict`, that clients refuse traffic to a service whose waypoint cannot be used. */
export function ownServiceOutcome(inventory: Inventory, service: ServiceInfo): Outcome | undefined {
  const resolution = resolveServiceWaypoint(inventory, service);
  if (resolution.kind !== 'refused') return undefined;
  return {
    holds: false,
    reason: 'WaypointUnavailable',
    message: `clients refuse to send here: waypoint ${resolution.named} is ${lacks[resolution.why]}`,
  };
}

const lacks = {
  missing: 'missing',
  'not-ready': 'not ready',
  'not-allowed': 'not open to this namespace',
  'not-a-waypoint': 'no waypoint',
} as const;

function atWaypoint(inventory: Inventory, policy: AuthorizationPolicy): Outcome | undefined {
  const { namespace } = policy.metadata;
  const services = writtenServices(inventory);
  const targeted = policy.targetRefs.flatMap(({ kind, name }) => services.get(`${kind} ${namespace}/${name}`) ?? []);
  const [closure] = targeted
    .flatMap((service) => policiesWithoutWaypoint(inventory, service))
    .filter((one) => one.policy === policy);
  if (closure === undefined) return undefined;
  return { holds: false, reason: 'EndpointsClosed', message: `${closure.detail}: its endpoints deny all traffic` };
}

function atZtunnel(policy: AuthorizationPolicy, dialect: Dialect): Outcome | undefined {
  if (policy.dryRun || policy.action === 'AUDIT') return triedOut(policy, dialect);
  if (policy.action === 'CUSTOM') {
    const message = `connections that its rules match need the consent of provider ${policy.provider?.value ?? ''}`;
    return { holds: true, reason: 'ExternallyAuthorized', message };
  }
  const l7 = firstL7Attribute(policy);
  if (l7 !== undefined) {
    const message = `rule ${l7.rule} uses ${l7.name}, which no ztunnel can evaluate: the workloads that it applies to deny all traffic`;
    return { holds: false, reason: 'WorkloadsClosed', message };
  }
  if (policy.selector !== undefined && Object.keys(policy.selector.matchLabels).length === 0) {
    return { holds: true, reason: 'WholeNamespace', message: 'its empty selector means the whole namespace' };
  }
  const extra = evaluatedHereOnly(policy);
  if (extra === undefined) return undefined;
  return { holds: true, reason: 'EvaluatedAtZtunnel', message: `${extra} is evaluated at ztunnels` };
}

function triedOut({ dryRun }: AuthorizationPolicy, dialect: Dialect): Outcome | undefined {
  if (dryRun && flagEnabled(dialect, 'AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY')) return undefined;
  const message = 'what its rules match at ztunnels, as far as these can evaluate them, is logged and counted, never denied';
  return { holds: true, reason: 'LoggedOnly', message };
}

const evaluatedKeys: ReadonlySet<string> = new Set(['source.serviceAccount', 'source.trustDomain']);

/** What upstream's ztunnel drops or takes for HTTP, and ours evaluates. */
function evaluatedHereOnly({ rules }: AuthorizationPolicy): string | undefined {
  for (const { from, when } of rules) {
    const term = from.flatMap(({ terms }) => terms).find(({ field }) => field === 'trustDomains');
    if (term !== undefined) return term.negated ? 'notTrustDomains' : 'trustDomains';
    const condition = when.find(({ key }) => evaluatedKeys.has(key.value));
    if (condition !== undefined) return condition.key.value;
  }
  return undefined;
}
