import { METHODS } from 'node:http';
import type { HeaderList } from '../header-list.js';
import { readFieldLines } from './field-lines.js';
import { type Framing, requestFraming } from './framing.js';
import { malformed } from './message-refusal.js';
import { authorityOctets, consistsOf, targetOctets } from './octets.js';

/** The head of an HTTP/1.1 request as it was sent. */
export interface RequestMessage {
  readonly method: string;
  readonly target: string;
  /** `1.1`; `1.0` is read as well, so that it can be refused by its own status. */
  readonly version: string;
  readonly headers: HeaderList;
  readonly framing: Framing;
}

/** Methods that are registered; others are refused, as Node's own parser does. */
const methods: ReadonlySet<string> = new Set(METHODS);

/** Reads a request's head; `text` ends with the CRLF of its last line (RFC 9112, section 3). */
export function readRequestHead(text: string): RequestMessage {
  const end = text.indexOf('\r\n');
  const afterMethod = text.indexOf(' ');
  const afterTarget = text.indexOf(' ', afterMethod + 1);
  if (afterMethod < 1 || afterTarget < 0 || afterTarget > end) malformed('the first line is no request');
  const method = text.slice(0, afterMethod);
  const target = text.slice(afterMethod + 1, afterTarget);
  if (!methods.has(method)) malformed('no known method');
  if (!isTarget(method, target)) malformed('the request target holds what it may not');
  const protocol = text.slice(afterTarget + 1, end);
  if (protocol !== 'HTTP/1.1' && protocol !== 'HTTP/1.0') malformed('the protocol is not HTTP/1.1');
  const headers = readFieldLines(text, end + 2);
  return { method, target, version: protocol.slice(5), headers, framing: requestFraming(headers) };
}

/** Origin form, absolute form or `*`; of CONNECT, which no gate serves inside a tunnel, it need not be read. */
function isTarget(method: string, target: string): boolean {
  if (!consistsOf(targetOctets, target)) return false;
  if (target[0] === '/' || target === '*' || method === 'CONNECT') return true;
  const authority = splitTarget(target).authority ?? '';
  return authority !== '' && consistsOf(authorityOctets, authority);
}

/** Takes the authority out of an absolute-form target, which then counts instead of Host (RFC 9112, section 3.2.2). */
export function splitTarget(target: string): { readonly path: string; readonly authority?: string } {
  if (target[0] === '/') return { path: target };
  const lower = target.slice(0, 8).toLowerCase();
  const scheme = lower.startsWith('http://') ? 7 : lower.startsWith('https://') ? 8 : 0;
  if (scheme === 0) return { path: target };
  let end = scheme;
  while (end < target.length && !'/?#'.includes(target.charAt(end))) end += 1;
  const rest = target.slice(end);
  return { authority: target.slice(scheme, end), path: rest.startsWith('/') ? rest : `/${rest}` };
}
