import type { UnboundPolicy, UnboundReason } from './binding.js';

const sentences: Readonly<Record<UnboundReason, string>> = {
  'other-namespace': 'it lies in another namespace, and a policy reaches beyond its own only from the root namespace',
  'selector-mismatch': 'its selector does not match the labels here',
  'empty-selector': 'its selector is empty, and Istio attaches such a policy to no ztunnel',
  'targets-service-at-ztunnel': 'it targets the service, so the waypoint enforces it and no ztunnel does',
  'targets-gateway-at-ztunnel': 'it targets the waypoint, so the waypoint enforces it and no ztunnel does',
  'selector-at-waypoint':
    'it selects the pods, so their ztunnels enforce it, on what the waypoint sends; a waypoint enforces only what targetRefs name',
  'namespace-scope-at-waypoint':
    'it names no target, so the ztunnels in its scope enforce it, on what the waypoint sends; a waypoint enforces only what targetRefs name',
  'targets-other-object': 'its targetRefs name other objects',
  'service-without-waypoint': 'it targets the service, which has no waypoint, so nothing enforces it',
  'workload-addressed': 'it targets a service, and this traffic was addressed to the workload itself',
  'gateway-class-outside-root': 'it targets a GatewayClass, which counts in the root namespace only',
  'gateway-class-name': 'it targets a GatewayClass by a name other than `istio-waypoint`, the only one that Istio looks for',
  'service-target-at-gateway':
    'it targets something that is enforced at waypoints; an ingress gateway enforces what targets that Gateway',
  'selector-policies-disabled': 'it has no targetRefs, and ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY is off',
  'action-at-ztunnel': 'Istio sends no AUDIT or CUSTOM policy to a ztunnel',
  'dry-run-flag-off': 'it is a dry run, and Istio sends it to a ztunnel only with AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY',
};

/** Why a gate does not enforce a policy: a clause to follow the policy's name, or a colon. */
export function describeUnbound({ reason }: UnboundPolicy): string {
  return sentences[reason];
}
