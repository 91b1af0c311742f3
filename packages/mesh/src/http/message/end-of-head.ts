import { malformed } from './message-refusal.js';
import { valueOctets } from './octets.js';

const cr = 0x0d;
const lf = 0x0a;

/**
 * Where the head of a message (or its trailer section) ends: the index after its empty line, -1 where that has not come yet. Looks at the
 * bytes from `from` on, and refuses what no head may hold anywhere: a CR or LF that is not part of CRLF, other controls.
 */
export function endOfHead(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const octet = bytes[at] as number;
    if (valueOctets[octet] === 1) continue;
    if (octet === lf) {
      if (at === 0 || bytes[at - 1] !== cr) malformed('a line ends without CR');
      if (at >= 3 && bytes[at - 2] === lf) return at + 1;
    } else if (octet !== cr || (at + 1 < bytes.length && bytes[at + 1] !== lf)) {
      malformed('a head holds a control character');
    }
  }
  return -1;
}

/** Where to go on looking once more bytes have come: a CR at the end has not been judged yet. */
export function resumeScan(bytes: Buffer): number {
  return bytes[bytes.length - 1] === cr ? bytes.length - 1 : bytes.length;
}
