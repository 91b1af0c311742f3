import type { HeaderList } from '../header-list.js';
import { malformed } from './message-refusal.js';

/** How the end of a body is known (RFC 9112, section 6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Of a response only: the body ends with its connection. */
  | { readonly kind: 'until-close' }
  /** A transfer encoding that nobody here knows: where the body ends cannot be said. */
  | { readonly kind: 'unknown' };

export const noBody: Framing = { kind: 'none' };
const chunked: Framing = { kind: 'chunked' };
const unknown: Framing = { kind: 'unknown' };
const untilClose: Framing = { kind: 'until-close' };

/** Digits of a length that is still exact as a number. */
const longestLength = 15;

/** What a section declares; undefined where nothing. Refuses what two readers could take for two different lengths. */
function declaredFraming(headers: HeaderList): Framing | undefined {
  let length: string | undefined;
  let encoding: string | undefined;
  for (const [name, value] of headers) {
    if (name === 'content-length') {
      if (length !== undefined) malformed('content-length is repeated');
      length = value;
    } else if (name === 'transfer-encoding') {
      encoding = encoding === undefined ? value : `${encoding},${value}`;
    }
  }
  if (encoding === undefined) return length === undefined ? undefined : lengthFraming(length);
  if (length !== undefined) malformed('both content-length and transfer-encoding');
  return encoding.toLowerCase() === 'chunked' ? chunked : unknown;
}

/** The framing of a request: without a declaration it has no body. */
export function requestFraming(headers: HeaderList): Framing {
  return declaredFraming(headers) ?? noBody;
}

/** The framing of a response. To HEAD, and with 1xx, 204 and 304, it has no body whatever it declares, but must declare it well. */
export function responseFraming(headers: HeaderList, status: number, method: string): Framing {
  const declared = declaredFraming(headers);
  if (declared?.kind === 'unknown') malformed('an unknown transfer-encoding');
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return noBody;
  return declared ?? untilClose;
}

function lengthFraming(text: string): Framing {
  if (text.length === 0 || text.length > longestLength) malformed('content-length is no length');
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) malformed('content-length is no length');
  }
  const length = Number(text);
  return length === 0 ? noBody : { kind: 'length', length };
}
