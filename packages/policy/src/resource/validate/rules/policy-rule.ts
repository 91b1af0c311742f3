import type { Span } from '../../../diagnostic/span.js';
import type { Fields } from '../../decode/fields.js';
import type { AuthorizationPolicy } from '../../model/authorization-policy.js';
import type { Report } from '../report.js';

/** What a rule about AuthorizationPolicies is given: the decoded policy, and what was written where that is not the same. */
export interface PolicyContext {
  readonly policy: AuthorizationPolicy;
  /** Absent where the object has no `spec`. */
  readonly spec: Fields | undefined;
  /** The entries of `rules` as written, in step with `policy.rules`. */
  readonly writtenRules: readonly Fields[];
  readonly strict: boolean;
  readonly report: Report;
}

/** One rule, or a family of them: reports whatever breaks it, each at the offending text. */
export type PolicyRule = (context: PolicyContext) => void;

/** Where something about the whole policy is to be shown: its name. */
export function policySpan({ policy }: PolicyContext): Span {
  return policy.metadata.nameSpan;
}
