import type { PathNormalization } from '../../resource/model/index.js';
import { canonicalPath } from './canonical-path.js';

/** A path as it is matched and forwarded, or the HTTP status that refuses it. */
export type NormalizedPath =
  | { readonly path: string; readonly status?: undefined }
  | { readonly status: 400; readonly path?: undefined };

/**
 * What Envoy makes of `:path` in one of the five modes of MeshConfig (reference sections 0.3 and 3.7). The query is kept as it
 * is, a fragment is cut in every mode, and the work is linear in the length of the path.
 */
export function normalizePath(path: string, mode: PathNormalization): NormalizedPath {
  const whole = beforeFirst(path, '#');
  if (mode === 'NONE') return { path: whole };
  const bare = beforeFirst(whole, '?');
  const query = whole.slice(bare.length);
  const canonical = canonicalPath(mode === 'DECODE_AND_MERGE_SLASHES' ? decodeSlashes(bare) : bare);
  if (canonical === undefined) return { status: 400 };
  const merges = mode === 'MERGE_SLASHES' || mode === 'DECODE_AND_MERGE_SLASHES';
  return { path: (merges ? mergeSlashes(canonical) : canonical) + query };
}

/**
 * Whether a normalised path stays what it is when somebody behind normalises it again. Upstream's may not: encoded dots with parameters
 * (`/%2e%2e;/`) become dot segments that an application resolves though policy did not (reference section 0.3). `strict` refuses those.
 */
export function isSettled(normalized: string, mode: PathNormalization): boolean {
  // Nothing else than a parameter hides dots from the first pass.
  return !normalized.includes('.;') || normalizePath(normalized, mode).path === normalized;
}

/** The part of a `:path` that path values are compared with: no query, no fragment (reference section 3.3). */
export function pathWithoutQuery(path: string): string {
  return beforeFirst(beforeFirst(path, '?'), '#');
}

function beforeFirst(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
}

function decodeSlashes(path: string): string {
  let decoded = '';
  for (let at = 0; at < path.length; at++) {
    const escaped = path[at] === '%' ? path.slice(at, at + 3).toLowerCase() : '';
    const slash = escaped === '%2f' ? '/' : escaped === '%5c' ? '\\' : undefined;
    decoded += slash ?? path.charAt(at);
    if (slash !== undefined) at += 2;
  }
  return decoded;
}

/**
 * A path of slashes only keeps two, as upstream joins an empty list between the first slash and the last (reference section
 * 0.3).
 */
function mergeSlashes(path: string): string {
  if (!path.includes('//')) return path;
  const segments = path.split('/').filter((segment) => segment !== '');
  return (path.startsWith('/') ? '/' : '') + segments.join('/') + (path.endsWith('/') ? '/' : '');
}
