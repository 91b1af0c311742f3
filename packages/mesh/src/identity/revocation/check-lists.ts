import { rootsOf } from '../trust-path.js';
import { parseLists } from './parse-lists.js';

/**
 * Until when lists that somebody gives beside an authority's own can be used: the moment at which the first of them runs out. Throws, with one
 * line that names the list by its place, where any of them cannot be: it is no list, not valid now, or not signed by a root of the bundle (PEM).
 */
export function checkLists(bytes: Uint8Array, bundle: string, now: Date): Date {
  const roots = rootsOf(bundle);
  const lists = parseLists(bytes);
  for (const [index, list] of lists.entries()) {
    const name = `list ${index + 1} of ${lists.length}`;
    const issuers = roots.filter((root) => list.names(root));
    if (issuers.length === 0) throw new Error(`${name} is of an issuer that is no root of the mesh`);
    if (!issuers.some((root) => list.isSignedBy(root))) throw new Error(`${name} is not signed by its issuer`);
    if (list.thisUpdate > now) throw new Error(`${name} is not valid before ${list.thisUpdate.toISOString()}`);
    if (list.nextUpdate <= now) throw new Error(`${name} has run out at ${list.nextUpdate.toISOString()}`);
  }
  return new Date(Math.min(...lists.map(({ nextUpdate }) => nextUpdate.getTime())));
}
