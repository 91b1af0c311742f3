import type { Span } from '../../diagnostic/span.js';

/** What every object has. `namespace` is `default` where none was written, `''` for cluster-scoped kinds. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, where the object carries it; orders PeerAuthentications (reference section 2.5). */
  readonly creationTimestamp?: string;
  /** `metadata.generation`, which the API server counts up with every change of the spec. */
  readonly generation?: number;
  /** The place of `metadata.name`. */
  readonly nameSpan: Span;
  /** The place of each label and annotation value, by key. */
  readonly labelSpans: Readonly<Record<string, Span>>;
  readonly annotationSpans: Readonly<Record<string, Span>>;
}

/** The fields common to all decoded objects. */
export interface ResourceBase {
  readonly apiVersion: string;
  readonly metadata: Metadata;
  /** The whole object in its file. */
  readonly span: Span;
}

/** A `matchLabels` selector as written; `{}` (zero labels) is not the same as no selector (reference section 5.1). */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly span: Span;
}

/** A reference to the object that a policy attaches to; `group` is `''` for core. */
export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly span: Span;
}
