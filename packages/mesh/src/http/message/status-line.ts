import type { HeaderList } from '../header-list.js';
import { readFieldLines } from './field-lines.js';
import { malformed } from './message-refusal.js';

/** The head of an HTTP/1.1 response as it was sent. */
export interface ResponseMessage {
  readonly status: number;
  readonly headers: HeaderList;
  /** Whether the connection may carry a further request. */
  readonly persistent: boolean;
}

const beginning = 'HTTP/1.';

/** Reads a response's head; `text` ends with the CRLF of its last line (RFC 9112, section 4). Its reason phrase means nothing. */
export function readResponseHead(text: string): ResponseMessage {
  const end = text.indexOf('\r\n');
  const minor = text.charAt(beginning.length);
  if (!text.startsWith(beginning) || (minor !== '1' && minor !== '0') || text.charAt(8) !== ' ')
    malformed('no HTTP/1.1 response');
  const status = readStatus(text.slice(9, 12));
  if (status < 100 || end < 12 || (end > 12 && text.charAt(12) !== ' ')) malformed('no status');
  const headers = readFieldLines(text, end + 2);
  return { status, headers, persistent: isPersistent(headers, minor === '1') && !isDubious(headers, status, minor === '1') };
}

/** Three digits; anything else is 0. */
function readStatus(text: string): number {
  let status = 0;
  for (let at = 0; at < 3; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return 0;
    status = status * 10 + digit;
  }
  return status;
}

/** Whether whoever wrote it may take its end to be elsewhere: a body where there is none, chunks before HTTP/1.1 (RFC 9112, section 6.1). */
function isDubious(headers: HeaderList, status: number, current: boolean): boolean {
  const declares = (field: string) => headers.some(([name, value]) => name === field && value !== '0');
  return status === 204 ? declares('content-length') || declares('transfer-encoding') : !current && declares('transfer-encoding');
}

function isPersistent(headers: HeaderList, byDefault: boolean): boolean {
  let persistent = byDefault;
  for (const [name, value] of headers) {
    if (name !== 'connection') continue;
    for (const token of value.toLowerCase().split(',')) {
      const option = token.trim();
      if (option === 'close') return false;
      if (option === 'keep-alive') persistent = true;
    }
  }
  return persistent;
}
