import type { Span } from '../diagnostic/span.js';
import type { GatewayInfo, Inventory, ServiceInfo } from '../inventory/inventory.js';
import { ownValue } from '../inventory/labels.js';
import { isUsableCanary, resolveServiceWaypoint } from './resolve-waypoint.js';
import type { StatusOptions } from './status/status-condition.js';
import { claimWaypoint, unsupported } from './status/waypoint-claim.js';

const canaryLabel = 'istio.io/use-waypoint-canary';
const weightAnnotation = 'istio.io/use-waypoint-canary-weight';

/** What comes of the canary of a service: none named, bound with its share of new connections in percent, or not, with the cause. */
export type CanaryResolution =
  | { readonly kind: 'none' }
  | { readonly kind: 'bound'; readonly gateway: GatewayInfo; readonly weight: number }
  | { readonly kind: 'refused'; readonly problem: string };

/** A waypoint of a service with its share of new connections, in percent. */
export interface WaypointShare {
  readonly gateway: GatewayInfo;
  readonly weight: number;
}

/** A canary as it is written. */
export interface NamedCanary {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  readonly weight: string;
  readonly span: Span;
}

/** The canary that a service names itself or, where it names no waypoint of its own, its namespace. */
export function namedCanary(inventory: Inventory, service: ServiceInfo): NamedCanary | undefined {
  const waypoint = ownValue(service.labels, 'istio.io/use-waypoint');
  const metadata =
    waypoint === undefined || waypoint === 'none' ? inventory.namespaces.get(service.namespace)?.metadata : undefined;
  const own = ownValue(service.labels, canaryLabel) !== undefined;
  const labels = own ? service.labels : (metadata?.labels ?? {});
  const name = ownValue(labels, canaryLabel) ?? '';
  if (name === '' || name === 'none') return undefined;
  const weight =
    ownValue(service.annotations, weightAnnotation) ?? ownValue(metadata?.annotations ?? {}, weightAnnotation) ?? '0';
  const span = own ? undefined : ownValue(metadata?.labelSpans ?? {}, canaryLabel);
  const namespace = ownValue(labels, `${canaryLabel}-namespace`) ?? service.namespace;
  return { key: `${namespace}/${name}`, weight, span: span ?? service.span };
}

/**
 * The canary of a service with a waypoint, as upstream's status sees it in either dialect (reference section 5.3, item 8). One that
 * cannot be used leaves everything to the waypoint itself, which stays bound.
 */
export function resolveCanary(
  inventory: Inventory,
  service: ServiceInfo,
  primary: GatewayInfo,
  options: StatusOptions = {},
): CanaryResolution {
  const named = namedCanary(inventory, service);
  if (named === undefined) return { kind: 'none' };
  const { key } = named;
  const refused = (problem: string): CanaryResolution => ({ kind: 'refused', problem });
  if (key === primary.key) return refused(`canary waypoint "${key}" must differ from the primary waypoint`);
  const weight = weightOf(named.weight);
  if (weight === undefined) return refused(`canary waypoint "${key}" has an invalid weight; must be an integer in [0,100]`);
  const claim = claimWaypoint(inventory, key, service.namespace, options);
  if (claim.kind === 'refused') return refused(claim.outcome.message);
  const gateway = claim.kind === 'bound' ? claim.gateway : undefined;
  return gateway?.waypointFor === 'service' || gateway?.waypointFor === 'all'
    ? { kind: 'bound', gateway, weight }
    : refused(unsupported('service', key));
}

/** As status has it, but that in `strict` a canary must be as usable as a waypoint. */
export function canaryInForce(inventory: Inventory, service: ServiceInfo, primary: GatewayInfo): CanaryResolution {
  const canary = resolveCanary(inventory, service, primary);
  if (canary.kind !== 'bound' || isUsableCanary(inventory, service, canary.gateway)) return canary;
  return { kind: 'refused', problem: `waypoint "${canary.gateway.key}" may not serve ${service.hostname}` };
}

/**
 * Every waypoint that serves a service, with its share of new connections: the service's own first, then its canary. All of them
 * accept its traffic and enforce its policies, whatever their weights. Empty where it has no waypoint that can be used.
 */
export function waypointsOf(inventory: Inventory, service: ServiceInfo): readonly WaypointShare[] {
  const primary = resolveServiceWaypoint(inventory, service);
  if (primary.kind !== 'bound') return [];
  const { gateway } = primary;
  const canary = canaryInForce(inventory, service, gateway);
  if (canary.kind !== 'bound') return [{ gateway, weight: 100 }];
  return [
    { gateway, weight: 100 - canary.weight },
    { gateway: canary.gateway, weight: canary.weight },
  ];
}

/** Whether a waypoint is one of those that serve a service. */
export function isWaypointOf(inventory: Inventory, gateway: GatewayInfo, service: ServiceInfo): boolean {
  return waypointsOf(inventory, service).some((share) => share.gateway.key === gateway.key);
}

/** A whole number from 0 to 100 as Go reads it, sign and leading zeros included; undefined for anything else. */
function weightOf(text: string): number | undefined {
  const weight = /^[+-]?\d+$/.test(text) ? Math.abs(Number(text)) : Number.NaN;
  return weight <= 100 && (weight === 0 || !text.startsWith('-')) ? weight : undefined;
}
