import { assertNever } from '../assert-never.js';
import { withoutCookie } from './cookies.js';
import type { EditedRequest } from './edited-request.js';
import type { Location } from './find-tokens.js';
import { rewrittenWithoutParameter, withoutParameter } from './query.js';

/**
 * Takes a token out of the request that is forwarded (reference section 0.10). `upstream` leaves cookies alone and writes the rest
 * of the query anew; `strict` removes the cookie and leaves the rest of the query as it is.
 */
export function removeToken(location: Location, dialect: 'strict' | 'upstream', request: EditedRequest): void {
  switch (location.kind) {
    case 'header':
      request.remove(location.name);
      return;
    case 'param':
      request.path = (dialect === 'strict' ? withoutParameter : rewrittenWithoutParameter)(request.path, location.name);
      return;
    case 'cookie':
      if (dialect === 'strict') removeCookie(location.name, request);
      return;
    default:
      assertNever(location);
  }
}

function removeCookie(name: string, request: EditedRequest): void {
  const kept = withoutCookie(request.values('cookie'), name);
  request.remove('cookie');
  for (const line of kept) request.add('cookie', line);
}
