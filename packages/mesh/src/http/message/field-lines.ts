import type { Header } from '../header-list.js';
import { malformed } from './message-refusal.js';
import { tokenOctets } from './octets.js';

const colon = 0x3a;
const space = 0x20;
const tab = 0x09;

/**
 * Reads the field lines of a section from `from` on; `text` ends with the CRLF of the last one, and holds only octets that `endOfHead`
 * lets pass. Names become lower-case. Refuses folded lines, and white space before a colon (RFC 9112, section 5).
 */
export function readFieldLines(text: string, from: number): Header[] {
  const headers: Header[] = [];
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    headers.push(readFieldLine(text, at, end));
    at = end + 2;
  }
  return headers;
}

function readFieldLine(text: string, from: number, to: number): Header {
  let at = from;
  let upperCase = false;
  for (; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (tokenOctets[code] !== 1) break;
    if (code >= 0x41 && code <= 0x5a) upperCase = true;
  }
  if (at === from || at === to || text.charCodeAt(at) !== colon) malformed('a field line has no name');
  const name = upperCase ? text.slice(from, at).toLowerCase() : text.slice(from, at);
  let begin = at + 1;
  let end = to;
  while (begin < end && isBlank(text.charCodeAt(begin))) begin += 1;
  while (end > begin && isBlank(text.charCodeAt(end - 1))) end -= 1;
  // Readers differ on which white space may stand in what frames a body.
  if ((name === 'content-length' || name === 'transfer-encoding') && text.slice(at, to).includes('\t'))
    malformed(`a tab in ${name}`);
  return [name, text.slice(begin, end)];
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
