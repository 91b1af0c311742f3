import { endianness } from 'node:os';
import { libc } from './libc.js';

/** `AF_INET` and `AF_INET6`, as Linux numbers them. */
export const families = { ipv4: 2, ipv6: 10 } as const;

/** The number of an address's family. */
export function familyOf(address: string): number {
  return address.includes(':') ? families.ipv6 : families.ipv4;
}

/** A `sockaddr_in` or `sockaddr_in6`. Throws for what is no address. */
export function encodeSocketAddress(address: string, port: number): Buffer {
  const family = familyOf(address);
  const encoded = Buffer.alloc(family === families.ipv6 ? 28 : 16);
  if (endianness() === 'LE') encoded.writeUInt16LE(family);
  else encoded.writeUInt16BE(family);
  encoded.writeUInt16BE(port, 2);
  const bytes = Buffer.alloc(16);
  if (libc().inet_pton(family, address, bytes) !== 1) throw new Error(`\`${address}\` is no address`);
  bytes.copy(encoded, family === families.ipv6 ? 8 : 4, 0, family === families.ipv6 ? 16 : 4);
  return encoded;
}

/** Address and port of a `sockaddr_in` or `sockaddr_in6`. */
export function decodeSocketAddress(encoded: Buffer, family: number): { readonly address: string; readonly port: number } {
  const port = encoded.readUInt16BE(2);
  if (family === families.ipv4) return { address: [...encoded.subarray(4, 8)].join('.'), port };
  const groups = Array.from({ length: 8 }, (_, index) => encoded.readUInt16BE(8 + 2 * index).toString(16));
  return { address: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), port };
}
