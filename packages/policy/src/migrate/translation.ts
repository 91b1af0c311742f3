import type { Span } from '../diagnostic/span.js';
import type { RoleLayer } from '../legacy/test.js';
import type { RequestAuthentication } from '../resource/model/index.js';
import type { RuleDraft } from './rule-draft.js';

/** Where a rule and a subject are translated to. */
export interface TranslationContext {
  readonly dialect: 'strict' | 'upstream';
  readonly gate: 'ztunnel' | 'waypoint' | 'gateway';
  readonly layer: RoleLayer;
  /** The mesh's own trust domain first, then its aliases. */
  readonly trustDomains: readonly string[];
  /** What the gate reads tokens by. */
  readonly requestAuthentications: readonly RequestAuthentication[];
  /** Takes what has no equal; what is translated then is not used. */
  refuse(span: Span, message: string, hint: string): void;
}

/** The rule with something more to hold; undefined where that never holds. */
export type Step = (rule: RuleDraft) => RuleDraft | undefined;

/** Something that never holds. */
export const never: Step = () => undefined;

/** Something that always holds. */
export const always: Step = (rule) => rule;

/** All of the steps, one after the other. */
export function allOf(steps: readonly Step[]): Step {
  return (rule) => steps.reduce<RuleDraft | undefined>((draft, step) => draft && step(draft), rule);
}
