import type { UnboundReason } from '../bind/binding.js';

/**
 * How much a reason says about the policy and this path: 2 where the policy can never work as written, 1 where another gate of
 * the path enforces it, 0 where it is simply about something else.
 */
export function tellingOf(reason: UnboundReason): 0 | 1 | 2 {
  switch (reason) {
    case 'empty-selector':
    case 'action-at-ztunnel':
    case 'dry-run-flag-off':
    case 'service-without-waypoint':
    case 'gateway-class-outside-root':
    case 'gateway-class-name':
    case 'service-target-at-gateway':
    case 'selector-policies-disabled':
      return 2;
    case 'selector-at-waypoint':
    case 'namespace-scope-at-waypoint':
    case 'targets-service-at-ztunnel':
    case 'targets-gateway-at-ztunnel':
    case 'workload-addressed':
      return 1;
    case 'other-namespace':
    case 'selector-mismatch':
    case 'targets-other-object':
      return 0;
  }
}
