import type { TraceContext } from './trace-context.js';

/** What an attribute of a span may be. */
export type AttributeValue = string | number | boolean | readonly string[];

/** Attributes of a span or of what made it; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** A span that is over. */
export interface Span {
  readonly context: TraceContext;
  readonly name: string;
  readonly kind: 'server' | 'client';
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  /** Why it failed, where it did. */
  readonly error?: string;
}
