import type { RequestAttributes } from '../verdict/attributes.js';
import { isWireText } from './wire-text.js';

/** Why a request is refused before any policy is asked, and the status of the answer. */
export interface RequestDefect {
  readonly status: 400 | 404;
  readonly detail: string;
}

/** The methods that Envoy's HTTP/1.1 parser knows; HTTP/2 leaves any token to policy (reference section 0.7). */
export const http1Methods: ReadonlySet<string> = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY OPTIONS PATCH ' +
    'POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
);

export const tokenMarks = "!#$%&'*+-.^_`|~";
export const authorityMarks = "!$%&'()*+,-.:;=@[]_~";

/** What an HTTP parser in front of the policy would have refused; undefined for a request that policy may judge. */
export function requestDefect(request: RequestAttributes): RequestDefect | undefined {
  const { method, path, authority, headers, httpVersion, scheme } = request;
  if (httpVersion !== 1 && httpVersion !== 2) return bad('the HTTP version is neither 1 nor 2');
  if (!isToken(method) || (httpVersion === 1 && !http1Methods.has(method))) return bad('the method is not one');
  if (!isText(authority) || authority === '' || !consistsOf(authority, authorityMarks)) return bad('the authority is not one');
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return bad('the scheme is not one');
  if (!isText(path) || hasControl(path)) return bad('the path holds a character that no path may hold');
  if (!path.startsWith('/')) return { status: 404, detail: 'the path does not begin with a slash' };
  return headers.every(([name, value]) => isToken(name) && isText(value) && isHeaderValue(value))
    ? undefined
    : bad('a header is not one');
}

function bad(detail: string): RequestDefect {
  return { status: 400, detail };
}

/** Attributes cross process and type boundaries, so that even a string is looked at twice. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && isWireText(value);
}

/** A method or a header's name. A pseudo header is none: taken for a real one it would give a request two paths. */
function isToken(value: unknown): boolean {
  return isText(value) && value !== '' && consistsOf(value, tokenMarks);
}

/** Whether a text holds nothing that no value of a header may hold. */
export function isHeaderValue(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return false;
  }
  return true;
}

function hasControl(path: string): boolean {
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}

function consistsOf(text: string, marks: string): boolean {
  for (const char of text) {
    const isAlphanumeric = (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9');
    if (!isAlphanumeric && !marks.includes(char)) return false;
  }
  return true;
}
