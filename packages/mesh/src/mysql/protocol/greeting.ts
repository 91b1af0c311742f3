import { capability, has, mariadbOffered, withheld } from './capabilities.js';
import { Cursor } from './cursor.js';
import { ProtocolError } from './protocol-error.js';

/** What the server said first. */
export interface Greeting {
  readonly capabilities: number;
  readonly mariadbCapabilities: number;
  readonly status: number;
  /** What the client is told instead: the same without the capabilities that are withheld. */
  readonly offered: Buffer;
  readonly offeredCapabilities: number;
  readonly offeredMariadbCapabilities: number;
}

/** Reads the first packet of a server, of protocol 10. */
export function readGreeting(payload: Buffer): Greeting {
  const cursor = new Cursor(payload);
  if (cursor.integer(1) !== 10) throw new ProtocolError('the server does not speak protocol 10');
  cursor.terminated();
  // Connection id, first part of the challenge, a filler.
  cursor.take(4 + 8 + 1);
  const lowAt = payload.length - cursor.left;
  const low = cursor.integer(2);
  cursor.take(1);
  const status = cursor.integer(2);
  const highAt = payload.length - cursor.left;
  const capabilities = (low | (cursor.integer(2) << 16)) >>> 0;
  cursor.take(1 + 6);
  const mariadbAt = payload.length - cursor.left;
  const isMariadb = !has(capabilities, capability.mysql);
  const mariadbCapabilities = isMariadb ? cursor.integer(4) : 0;
  const offeredCapabilities = (capabilities & ~withheld) >>> 0;
  const offeredMariadbCapabilities = mariadbCapabilities & mariadbOffered;
  const offered = Buffer.from(payload);
  offered.writeUInt16LE(offeredCapabilities & 0xffff, lowAt);
  offered.writeUInt16LE(offeredCapabilities >>> 16, highAt);
  if (isMariadb) offered.writeUInt32LE(offeredMariadbCapabilities, mariadbAt);
  return { capabilities, mariadbCapabilities, status, offered, offeredCapabilities, offeredMariadbCapabilities };
}
