import type { GatewayInfo, Inventory, ServiceInfo } from '../../inventory/inventory.js';
import { ownValue } from '../../inventory/labels.js';
import type { StatusOptions } from './status-condition.js';
import { claimWaypoint, unsupported } from './waypoint-claim.js';

const canaryLabel = 'istio.io/use-waypoint-canary';
const weightAnnotation = 'istio.io/use-waypoint-canary-weight';

/**
 * What is wrong with the canary that a service with a waypoint names, itself or, where it names no waypoint of its own, by its
 * namespace (reference section 5.3, item 8); undefined where nothing is. The waypoint stays bound.
 */
export function canaryProblem(
  inventory: Inventory,
  service: ServiceInfo,
  primary: GatewayInfo,
  options: StatusOptions,
): string | undefined {
  const own = ownValue(service.labels, 'istio.io/use-waypoint');
  const metadata = own === undefined || own === 'none' ? inventory.namespaces.get(service.namespace)?.metadata : undefined;
  const labels = ownValue(service.labels, canaryLabel) === undefined ? (metadata?.labels ?? {}) : service.labels;
  const name = ownValue(labels, canaryLabel) ?? '';
  if (name === '' || name === 'none') return undefined;
  const key = `${ownValue(labels, `${canaryLabel}-namespace`) ?? service.namespace}/${name}`;
  if (key === primary.key) return `canary waypoint "${key}" must differ from the primary waypoint`;
  const weight = ownValue(service.annotations, weightAnnotation) ?? ownValue(metadata?.annotations ?? {}, weightAnnotation);
  if (!isWeight(weight)) return `canary waypoint "${key}" has an invalid weight; must be an integer in [0,100]`;
  const claim = claimWaypoint(inventory, key, service.namespace, options);
  if (claim.kind === 'refused') return claim.outcome.message;
  const serves = claim.kind === 'bound' ? claim.gateway.waypointFor : 'none';
  return serves === 'service' || serves === 'all' ? undefined : unsupported('service', key);
}

/** A whole number from 0 to 100 as Go reads it, sign and leading zeros included; none means 0. */
function isWeight(weight: string | undefined): boolean {
  return weight === undefined || (/^[+-]?\d+$/.test(weight) && Number(weight) >= 0 && Number(weight) <= 100);
}
