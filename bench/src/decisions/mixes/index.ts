import { allowList } from './allow-list.js';
import { bookinfo } from './bookinfo.js';
import { cidrHeavy } from './cidr-heavy.js';
import type { Mix } from './mix.js';
import { multiTenant } from './multi-tenant.js';
import { pathHeavy } from './path-heavy.js';

/** All mixes, in the order of the table. */
export const mixes: readonly Mix[] = [bookinfo, multiTenant, allowList, pathHeavy, cidrHeavy];
