import type { Span } from '../../diagnostic/span.js';
import type { LabelSelector, ResourceBase } from './metadata.js';

/** A mutual TLS mode; UNSET inherits (reference section 7.9). */
export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** An Istio PeerAuthentication: whether plaintext is admitted. */
export interface PeerAuthentication extends ResourceBase {
  readonly kind: 'PeerAuthentication';
  readonly selector?: LabelSelector;
  readonly mode: MtlsMode;
  readonly portLevel: readonly { readonly port: number; readonly mode: MtlsMode; readonly span: Span }[];
}
