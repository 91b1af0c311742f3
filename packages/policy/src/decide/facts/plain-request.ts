import { authorityMarks, http1Methods, tokenMarks } from '../../reference/request-defect.js';
import type { Authentication, DynamicMetadata, RequestAttributes } from '../../verdict/attributes.js';

/** Everything that a request has: whoever adds an attribute has to say here, and where facts are read in place, what it means. */
type Considered = 'method' | 'path' | 'authority' | 'scheme' | 'headers' | 'httpVersion' | 'authentication' | 'metadata';
const isEverythingConsidered: Exclude<keyof RequestAttributes, Considered> extends never ? true : never = true;

/**
 * A request that an HTTP parser has read. Whether anything is wrong with it, or has to be put in order, is looked at here, once, however often
 * it is decided on; of a request that was not read so the decision looks for itself. A copy of it is not read, unless this class has made it.
 */
export class ReadRequest implements RequestAttributes {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  declare readonly scheme?: string;
  readonly headers: RequestAttributes['headers'];
  readonly httpVersion: 1 | 2;
  declare readonly authentication?: Authentication;
  declare readonly metadata?: DynamicMetadata;
  /** Private, so that nobody can claim it, or keep it where another attribute is put in. */
  readonly #plainPath: string | undefined;

  /** `authentication` is what the tokens of the request came to, where that is known by now. */
  constructor(request: RequestAttributes, authentication = request.authentication) {
    this.method = request.method;
    this.path = request.path;
    this.authority = request.authority;
    this.headers = request.headers;
    this.httpVersion = request.httpVersion;
    if (request.scheme !== undefined) this.scheme = request.scheme;
    if (authentication !== undefined) this.authentication = authentication;
    if (request.metadata !== undefined) this.metadata = request.metadata;
    // What was read cannot have changed since, and nothing that is looked at here comes from tokens.
    this.#plainPath = #plainPath in request ? request.#plainPath : plainPathOf(this);
    Object.freeze(this);
  }

  /** A request's path without its query; undefined for a request that is not plain. */
  static plainPath(request: RequestAttributes): string | undefined {
    return #plainPath in request ? request.#plainPath : plainPathOf(request);
  }

  /** A request with what its tokens came to; one that was read is not read again. */
  static authenticated(request: RequestAttributes, authentication: Authentication): RequestAttributes {
    return #plainPath in request ? new ReadRequest(request, authentication) : { ...request, authentication };
  }
}

function plainPathOf(request: RequestAttributes): string | undefined {
  if (!isPlainRequest(request)) return undefined;
  const { path } = request;
  const end = plainPathEnd(path);
  return end < 0 ? undefined : path.slice(0, end);
}

/**
 * Whether nothing is wrong with a request, of which `requestDefect` would say the same. Says no to some that are all right, such as
 * methods that only HTTP/2 has.
 */
function isPlainRequest({ method, authority, scheme, headers, httpVersion }: RequestAttributes): boolean {
  if (!isEverythingConsidered || (httpVersion !== 1 && httpVersion !== 2) || !http1Methods.has(method)) return false;
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return false;
  if (typeof authority !== 'string' || authority === '' || !consistsOf(authority, inAuthority, 0)) return false;
  if (!Array.isArray(headers)) return false;
  for (const line of headers as RequestAttributes['headers']) if (!isPlainLine(line)) return false;
  return true;
}

function isPlainLine(line: readonly [string, string]): boolean {
  if (!Array.isArray(line)) return false;
  const name: unknown = line[0];
  const value: unknown = line[1];
  if (typeof name !== 'string' || typeof value !== 'string') return false;
  return name !== '' && consistsOf(name, inToken, 0) && consistsOf(value, inValue, 0);
}

/**
 * Where the query of a path begins, its length where it has none, and -1 for a path that is perhaps not the same after normalisation, in
 * whatever mode, or that has to be refused.
 */
function plainPathEnd(path: string): number {
  if (typeof path !== 'string' || path.charCodeAt(0) !== slash) return -1;
  let at = 1;
  for (let before = slash; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code === questionMark) break;
    // `//` may be merged, and a segment that begins with a dot may be resolved.
    if (code > 255 || ((sets[code] ?? 0) & inPath) === 0 || (before === slash && (code === slash || code === dot))) return -1;
    before = code;
  }
  return consistsOf(path, inQuery, at + 1) ? at : -1;
}

const slash = 0x2f;
const dot = 0x2e;
const questionMark = 0x3f;

// Sets of characters, one bit each.
const inToken = 1;
const inAuthority = 2;
const inValue = 4;
const inPath = 8;
const inQuery = 16;
const sets = Uint8Array.from({ length: 256 }, (_, code) => setsOf(code));

function setsOf(code: number): number {
  const char = String.fromCharCode(code);
  const isAlphanumeric = (char >= '0' && char <= '9') || (char >= 'A' && char <= 'Z') || (char >= 'a' && char <= 'z');
  const isVisible = code > 0x20 && code !== 0x7f;
  return (
    (isAlphanumeric || tokenMarks.includes(char) ? inToken : 0) |
    (isAlphanumeric || authorityMarks.includes(char) ? inAuthority : 0) |
    (isVisible || char === ' ' || char === '\t' ? inValue : 0) |
    (isVisible && code < 0x7f && !'"#<>?^`{|}%\\'.includes(char) ? inPath : 0) |
    (isVisible && char !== '#' ? inQuery : 0)
  );
}

function consistsOf(text: string, set: number, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 255 || ((sets[code] ?? 0) & set) === 0) return false;
  }
  return true;
}
