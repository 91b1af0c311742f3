import type { Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { authorizationIndex } from '../inventory/policy-index.js';
import type { AuthorizationPolicy, RequestAuthentication } from '../resource/model/index.js';
import type { BoundPolicy, Closure } from './binding.js';
import { firstL7Attribute } from './l7-attribute.js';
import { resolveServiceWaypoint } from './resolve-waypoint.js';
import { servicesOf } from './workload-services.js';

/** What closes a workload at its ztunnel before any rule is asked; nothing does in `upstream`. */
export function closuresAtZtunnel(inventory: Inventory, workload: Workload, bound: readonly BoundPolicy[]): Closure[] {
  if (inventory.dialect.name === 'upstream') return [];
  return [
    ...bound.flatMap(({ policy }) => l7AtZtunnel(policy)),
    ...servicesOf(inventory, workload).flatMap((service) => policiesWithoutWaypoint(inventory, service)),
  ];
}

/**
 * What an L7 gate cannot be configured with: key sets without keys, for which Envoy refuses everything (reference section 0.10).
 * In `upstream` it marks a verdict that would not be Istio's.
 */
export function closuresAtL7(requestAuthentications: readonly RequestAuthentication[]): Closure[] {
  return requestAuthentications.flatMap(unusableKeys);
}

/** The policies that target a service and find no waypoint to enforce them (design: "policy-without-waypoint"). */
export function policiesWithoutWaypoint(inventory: Inventory, service: ServiceInfo): Closure[] {
  const targeting = policiesTargeting(inventory, service).filter(({ action, dryRun }) => !dryRun && action !== 'AUDIT');
  if (targeting.length === 0) return [];
  const lack = lackOfWaypoint(inventory, service);
  if (lack === undefined) return [];
  return targeting.map((policy) => ({
    reason: 'policy-without-waypoint',
    kind: 'AuthorizationPolicy',
    policy,
    span: targetSpan(policy, service),
    detail: `${service.kind} \`${service.namespace}/${service.name}\` ${lack}, so nothing enforces the policy that targets it`,
  }));
}

/** The policies of a service's namespace that name it as their target. */
function policiesTargeting(inventory: Inventory, service: ServiceInfo): readonly AuthorizationPolicy[] {
  return authorizationIndex(inventory)
    .targeting(service.kind, service.name)
    .filter((policy) => policy.metadata.namespace === service.namespace);
}

function lackOfWaypoint(inventory: Inventory, service: ServiceInfo): string | undefined {
  const resolution = resolveServiceWaypoint(inventory, service);
  if (resolution.kind === 'refused') return `names waypoint \`${resolution.named}\`, which cannot be used`;
  if (resolution.kind === 'none') return 'has no waypoint';
  return service.addresses.length === 0 ? 'has no address of its own, so its traffic never reaches its waypoint' : undefined;
}

function targetSpan(policy: AuthorizationPolicy, { kind, name }: ServiceInfo): Closure['span'] {
  return policy.targetRefs.find((target) => target.kind === kind && target.name === name)?.span ?? policy.span;
}

function l7AtZtunnel(policy: AuthorizationPolicy): Closure[] {
  if (policy.dryRun || (policy.action !== 'ALLOW' && policy.action !== 'DENY')) return [];
  const attribute = firstL7Attribute(policy);
  if (attribute === undefined) return [];
  const { rule, name, span } = attribute;
  return [
    {
      reason: 'l7-at-ztunnel',
      kind: 'AuthorizationPolicy',
      policy,
      rule,
      span,
      detail: `rule ${rule} uses \`${name}\`, which no ztunnel can evaluate`,
    },
  ];
}

function unusableKeys(policy: RequestAuthentication): Closure[] {
  const rule = policy.jwtRules.find(({ jwks }) => jwks !== undefined && keysIn(jwks).length === 0);
  if (rule === undefined) return [];
  const detail = '`jwks` is no set with keys in it, for which Envoy refuses the configuration of the gate';
  return [{ reason: 'unsupported-policy', kind: 'RequestAuthentication', policy, rule: rule.index, span: rule.span, detail }];
}

/** The members of a key set. Validation has seen that it is one, or a single key, which Envoy takes for none. */
function keysIn(jwks: string): readonly unknown[] {
  const { keys }: { readonly keys?: unknown } = JSON.parse(jwks);
  return Array.isArray(keys) ? keys : [];
}
