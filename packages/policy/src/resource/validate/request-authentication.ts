import type { Fields } from '../decode/fields.js';
import type { RequestAuthentication } from '../model/request-authentication.js';
import { checkAttachment } from './rules/attachment.js';
import { checkJwtRule } from './rules/jwt-rule.js';
import { checkSelector } from './rules/selector.js';
import { checkTargetRefs } from './rules/target-refs.js';

const maximumRules = 4096;

/** Checks a RequestAuthentication (reference section 8.1). */
export function validateRequestAuthentication(_policy: RequestAuthentication, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  checkAttachment(spec);
  checkSelector(spec);
  checkTargetRefs(spec);
  spec.limit('jwtRules', maximumRules);
  for (const rule of spec.fieldsList('jwtRules')) checkJwtRule(rule);
}
