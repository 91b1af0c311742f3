import { ConnectionError, errorCode } from '../protocol.js';

/**
 * Length of the code of each byte (RFC 7541 appendix B), 256 being the end of the string. The code is canonical: codes of one length are
 * consecutive numbers in the order of their bytes, shorter ones first, so the lengths say all of it.
 */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22,
  23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22,
  21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26,
  27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26,
  26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const endOfString = 256;

/** The code as a tree: of node n, `tree[2n]` and `tree[2n + 1]` are its sons; a negative one is the byte `-1 - son`. */
const tree = buildTree();

function buildTree(): Int16Array {
  const nodes = new Int16Array(2 * endOfString);
  let used = 1;
  let code = 0;
  for (let length = 5; length <= 30; length += 1) {
    code *= 2;
    for (let symbol = 0; symbol <= endOfString; symbol += 1) {
      if (codeLengths[symbol] !== length) continue;
      let node = 0;
      for (let bit = length - 1; bit > 0; bit -= 1) {
        const slot = 2 * node + ((code >>> bit) & 1);
        if (nodes[slot] === 0) {
          nodes[slot] = used;
          used += 1;
        }
        node = nodes[slot] ?? 0;
      }
      nodes[2 * node + (code & 1)] = -1 - symbol;
      code += 1;
    }
  }
  return nodes;
}

/**
 * Decodes a Huffman-coded string literal (RFC 7541 section 5.2), one character a byte. Padding must be shorter than a byte and all
 * ones, and the end of the string must not be coded; anything else throws `COMPRESSION_ERROR`.
 */
export function decodeHuffman(bytes: Buffer): string {
  // The shortest code has five bits.
  const decoded = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let length = 0;
  let node = 0;
  /** Bits since the last whole code, and whether all of them are ones. */
  let pending = 0;
  let ones = true;
  for (const byte of bytes) {
    for (let shift = 7; shift >= 0; shift -= 1) {
      const bit = (byte >>> shift) & 1;
      const next = tree[2 * node + bit] ?? 0;
      pending += 1;
      ones = ones && bit === 1;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === endOfString) throw new ConnectionError(errorCode.compressionError, 'end of string inside a string');
      decoded[length] = symbol;
      length += 1;
      node = 0;
      pending = 0;
      ones = true;
    }
  }
  if (pending > 7 || !ones) throw new ConnectionError(errorCode.compressionError, 'wrong padding after a string');
  return decoded.toString('latin1', 0, length);
}
