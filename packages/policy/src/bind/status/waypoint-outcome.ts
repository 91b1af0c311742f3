import type { Inventory } from '../../inventory/inventory.js';
import type { AuthorizationPolicy, TargetRef } from '../../resource/model/index.js';
import type { Outcome, StatusOptions } from './status-condition.js';
import { claimOfService, isUsable } from './waypoint-claim.js';
import { writtenServices } from './written-services.js';

/**
 * What istiod says about a policy at waypoints (reference sections 4.5 and 0, item 9): of its one target, or of all of them together;
 * undefined for a policy without targets.
 */
export function waypointOutcome(inventory: Inventory, policy: AuthorizationPolicy, options: StatusOptions): Outcome | undefined {
  const { namespace } = policy.metadata;
  const outcomes = policy.targetRefs.map((target) => ({ target, outcome: targetOutcome(inventory, target, namespace, options) }));
  const [only] = outcomes;
  if (outcomes.length < 2) return only?.outcome;
  const bad = outcomes.filter(({ outcome }) => !outcome.holds).map(({ target }) => target);
  if (bad.length === 0) return { holds: true, reason: 'Accepted', message: '' };
  const message = `Invalid targetRefs: ${bad.map((target) => nameOf(target, namespace)).join(', ')}`;
  const none = bad.length === outcomes.length;
  return { holds: !none, reason: none ? 'Invalid' : 'PartiallyInvalid', message };
}

/** The target as upstream lists it: a GatewayClass has the policy's namespace too. */
function nameOf({ kind, group, name }: TargetRef, namespace: string): string {
  return `${kind}.${group === '' ? 'core' : group}:${namespace}/${name}`;
}

function targetOutcome(inventory: Inventory, target: TargetRef, namespace: string, options: StatusOptions): Outcome {
  switch (target.kind) {
    case 'GatewayClass':
      return classOutcome(inventory, target.name, namespace);
    case 'Gateway':
      return gatewayOutcome(inventory, `${namespace}/${target.name}`, options);
    default:
      return serviceOutcome(inventory, target, namespace, options);
  }
}

/** The controllers of the classes that Istio brings, whose manifests are rarely in the input. */
const builtInControllers: ReadonlyMap<string, string> = new Map([
  ['istio', 'istio.io/gateway-controller'],
  ['istio-remote', 'istio.io/unmanaged-gateway'],
  ['istio-waypoint', 'istio.io/mesh-controller'],
  ['istio-east-west', 'istio.io/eastwest-controller'],
]);

function classOutcome({ mesh, gatewayClasses }: Inventory, name: string, namespace: string): Outcome {
  const { rootNamespace } = mesh;
  if (namespace !== rootNamespace) {
    return invalid(`AuthorizationPolicy must be in the root namespace \`${rootNamespace}\` when referencing a GatewayClass`);
  }
  const controller = gatewayClasses.get(name)?.controllerName ?? builtInControllers.get(name);
  if (controller === undefined) return notFound('not bound');
  if (controller === 'istio.io/mesh-controller') return accepted(name);
  return invalid('GatewayClass must use controller name `istio.io/mesh-controller` for waypoints');
}

/** Neither the class of the Gateway nor what it serves is looked at. */
function gatewayOutcome({ gateways }: Inventory, key: string, options: StatusOptions): Outcome {
  const gateway = gateways.get(key);
  return gateway !== undefined && isUsable(gateway, options) ? accepted(key) : notFound('not bound');
}

/** Never the cause: that is in the status of the Service. */
function serviceOutcome(inventory: Inventory, { kind, name }: TargetRef, namespace: string, options: StatusOptions): Outcome {
  const key = `${namespace}/${name}`;
  const [service] = writtenServices(inventory).get(`${kind} ${key}`) ?? [];
  if (service === undefined) return notFound(`${kind} ${key} was not found`);
  const claim = claimOfService(inventory, service, options);
  if (claim.kind === 'bound') return accepted(claim.gateway.key);
  return { holds: false, reason: 'AncestorNotBound', message: `${kind} ${key} is not bound to a waypoint` };
}

function accepted(name: string): Outcome {
  return { holds: true, reason: 'Accepted', message: `bound to ${name}` };
}

function notFound(message: string): Outcome {
  return { holds: false, reason: 'TargetNotFound', message };
}

function invalid(message: string): Outcome {
  return { holds: false, reason: 'Invalid', message };
}
