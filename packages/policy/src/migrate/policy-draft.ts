import type { RuleDraft } from './rule-draft.js';

/** A rule with what is said above it. */
export interface CommentedRule {
  readonly rule: RuleDraft;
  readonly comments: readonly string[];
}

/** An ALLOW policy in the making. */
export interface PolicyDraft {
  /** What its name begins with: the role, or what the policy is for. */
  readonly stem: string;
  readonly dryRun: boolean;
  readonly rules: readonly CommentedRule[];
  readonly comments: readonly string[];
}

/** What a policy is attached to. */
export type Attachment =
  | { readonly selector: Readonly<Record<string, string>> }
  | { readonly target: { readonly group: string; readonly kind: string; readonly name: string } };

/** An AuthorizationPolicy as it is written. */
export interface MigratedPolicy extends PolicyDraft {
  readonly namespace: string;
  readonly name: string;
  readonly attachment: Attachment;
}
