import type { Span, Text } from '../../diagnostic/span.js';
import type { LabelSelector, ResourceBase, TargetRef } from './metadata.js';

/** What a policy does with a match (reference section 2.1). */
export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

/** The fields of `from.source`; their `not…` forms are terms with `negated` (reference section 1.1). */
export type SourceField =
  | 'principals'
  | 'requestPrincipals'
  | 'namespaces'
  | 'serviceAccounts'
  | 'trustDomains'
  | 'ipBlocks'
  | 'remoteIpBlocks';

/** The fields of `to.operation`; their `not…` forms are terms with `negated` (reference section 1.1). */
export type OperationField = 'hosts' | 'ports' | 'methods' | 'paths';

/**
 * One field with its values: true if any value matches, or with `negated` if none does. Terms of one source or operation are
 * joined by AND; an attribute that is absent matches no value, so a negated term holds for it (reference section 3.1).
 */
export interface Term<Field extends string = SourceField | OperationField> {
  readonly field: Field;
  readonly negated: boolean;
  readonly values: readonly Text[];
  /** The field's name and values. */
  readonly span: Span;
}

/** One entry of `from` or `to`: all of its terms hold. */
export interface Entry<Field extends string> {
  readonly terms: readonly Term<Field>[];
  readonly span: Span;
}

/** One entry of `when`: the key's attribute matches one of `values` (if any) and none of `notValues`. */
export interface Condition {
  readonly key: Text;
  readonly values: readonly Text[];
  readonly notValues: readonly Text[];
  readonly span: Span;
}

/** One rule: (no `from`, or one of its entries) and (no `to`, or one of its entries) and every condition. */
export interface Rule {
  readonly index: number;
  readonly from: readonly Entry<SourceField>[];
  readonly to: readonly Entry<OperationField>[];
  readonly when: readonly Condition[];
  readonly span: Span;
}

/** An Istio AuthorizationPolicy (`security.istio.io/v1`, `v1beta1`), decoded and valid. */
export interface AuthorizationPolicy extends ResourceBase {
  readonly kind: 'AuthorizationPolicy';
  /** Present if the field was written, even with zero labels. */
  readonly selector?: LabelSelector;
  /** `targetRef` and `targetRefs` together, in order; empty if neither was written. */
  readonly targetRefs: readonly TargetRef[];
  readonly action: Action;
  /** The extension provider's name, with CUSTOM only. */
  readonly provider?: Text;
  /** Annotation `istio.io/dry-run` (reference section 2.6). */
  readonly dryRun: boolean;
  /** Absent, `null` and `[]` all mean no rules (reference section 2.2). */
  readonly rules: readonly Rule[];
}
