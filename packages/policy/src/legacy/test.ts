import type { Span } from '../diagnostic/span.js';
import type { RoleFacts } from './role-facts.js';

/** A question about a connection or request. */
export type RoleTest = (facts: RoleFacts) => boolean;

/** What a role is read for: HTTP requests, or connections. */
export type RoleLayer = 'http' | 'tcp';

/** Something for which Envoy, or the control plane in front of it, would refuse the whole configuration of the gate. */
export interface Refusal {
  readonly detail: string;
  readonly span: Span;
}

/** How one rule or subject is read. */
export interface ReadingContext {
  readonly dialect: 'strict' | 'upstream';
  readonly layer: RoleLayer;
  /** The mesh's own trust domain first, then its aliases. */
  readonly trustDomains: readonly string[];
  /** Takes what cannot be configured; whatever was asked for is then never true. */
  refuse(detail: string, span: Span): void;
}
