import type { Fields } from '../decode/fields.js';
import type { AuthorizationPolicy } from '../model/authorization-policy.js';

/** Checks an AuthorizationPolicy (reference section 1). */
export function validateAuthorizationPolicy(_policy: AuthorizationPolicy, _object: Fields): void {}
