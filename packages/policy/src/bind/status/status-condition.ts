import type { Span } from '../../diagnostic/span.js';

/** One condition in the status of an object, as a control plane writes it (reference sections 4.4 and 4.5). */
export interface StatusCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  /** Empty where the writer says nothing. */
  readonly message: string;
  /** Who writes it. */
  readonly fieldManager: string;
  /** Generation of the object that was judged; absent where the writer leaves it out. */
  readonly observedGeneration?: number;
}

/** The status of one object: no conditions where nothing is written. */
export interface ObjectStatus {
  readonly kind:
    | 'AuthorizationPolicy'
    | 'PeerAuthentication'
    | 'RequestAuthentication'
    | 'Service'
    | 'ServiceEntry'
    | 'WorkloadEntry';
  readonly namespace: string;
  readonly name: string;
  readonly conditions: readonly StatusCondition[];
  readonly span: Span;
}

/** What a condition says, before it is known whose it is. */
export interface Outcome {
  readonly holds: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Where the manifests come from, as far as a status depends on it. */
export interface StatusOptions {
  /**
   * What a Gateway without any `status` counts as: `ready`, as a folder acts as its controller would (the default), or `not-ready`, as
   * in a cluster whose controllers have not written one.
   */
  readonly unreportedGateways?: 'ready' | 'not-ready';
}

/** A condition of an outcome. */
export function conditionOf(
  type: string,
  fieldManager: string,
  { holds, reason, message }: Outcome,
  generation?: number,
): StatusCondition {
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return { type, status: holds ? 'True' : 'False', reason, message, fieldManager, ...observed };
}
