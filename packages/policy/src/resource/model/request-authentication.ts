import type { LabelSelector, ResourceBase, TargetRef } from './metadata.js';

/**
 * An Istio RequestAuthentication. Only what binding needs is read so far: a gate that would have to apply one says that it
 * cannot, and denies in `strict` (tokens are not evaluated yet).
 */
export interface RequestAuthentication extends ResourceBase {
  readonly kind: 'RequestAuthentication';
  readonly selector?: LabelSelector;
  readonly targetRefs: readonly TargetRef[];
  /** How many `jwtRules` it has; none makes it a no-op. */
  readonly jwtRuleCount: number;
}
