import type { RequestAttributes } from '../verdict/attributes.js';
import type { Permit } from '../verdict/verdict.js';
import type { RequestVerdict } from './decider.js';

/** The path to send upstream of a request that was allowed, which is the one that was judged. `judged` is what was handed to the decider. */
export function forwardedPath({ path }: RequestVerdict & Permit, judged: Pick<RequestAttributes, 'path'>): string {
  return path ?? judged.path;
}
