import type { Fields } from '../decode/fields.js';
import type { RequestAuthentication } from '../model/request-authentication.js';

/** Checks a RequestAuthentication (reference section 8.1). */
export function validateRequestAuthentication(_policy: RequestAuthentication, _object: Fields): void {}
