import { capability, has } from './capabilities.js';
import { Cursor } from './cursor.js';
import { ProtocolError } from './protocol-error.js';

const mostAttributes = 256;

/** The text of COM_QUERY, behind its command byte and the attributes that newer clients put before it. */
export function queryText(payload: Buffer, capabilities: number): Buffer {
  if (!has(capabilities, capability.queryAttributes)) return payload;
  const cursor = new Cursor(payload);
  const count = cursor.lengthEncoded();
  if (cursor.lengthEncoded() !== 1 || count > mostAttributes)
    throw new ProtocolError('a query has attributes of an unknown form');
  if (count > 0) skipAttributes(cursor, count);
  return cursor.rest();
}

function skipAttributes(cursor: Cursor, count: number): void {
  const nulls = cursor.take(Math.ceil(count / 8));
  if (cursor.integer(1) !== 1) throw new ProtocolError('a query has attributes of no type');
  const types = Array.from({ length: count }, () => {
    const type = cursor.integer(2) & 0xff;
    cursor.take(cursor.lengthEncoded());
    return type;
  });
  types.forEach((type, at) => {
    if ((((nulls[at >> 3] ?? 0) >> (at & 7)) & 1) === 0) cursor.take(sizeOf(type, cursor));
  });
}

/** How many bytes a value of this type has, as in the parameters of a prepared statement. */
function sizeOf(type: number, cursor: Cursor): number {
  switch (type) {
    case 0x01: // tiny
      return 1;
    case 0x02: // short
    case 0x0d: // year
      return 2;
    case 0x03: // long
    case 0x04: // float
    case 0x09: // int24
      return 4;
    case 0x05: // double
    case 0x08: // long long
      return 8;
    case 0x06: // null
      return 0;
    case 0x07: // timestamp
    case 0x0a: // date
    case 0x0b: // time
    case 0x0c: // date and time
      return cursor.integer(1);
    case 0x00: // decimal
    case 0x0f: // varchar
    case 0x10: // bit
    case 0xf5: // json
    case 0xf6: // decimal
    case 0xf7: // enum
    case 0xf8: // set
    case 0xf9: // blobs, by their size
    case 0xfa:
    case 0xfb:
    case 0xfc:
    case 0xfd: // texts
    case 0xfe:
    case 0xff: // geometry
      return cursor.lengthEncoded();
    default:
      throw new ProtocolError('a query has attributes of an unknown type');
  }
}
