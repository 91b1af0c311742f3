import { capability, has } from './capabilities.js';
import { Cursor } from './cursor.js';
import type { Greeting } from './greeting.js';
import { ProtocolError } from './protocol-error.js';

/** What a client said when it logged in. */
export interface Login {
  /** Capabilities that both sides have. */
  readonly capabilities: number;
  /** The id of the client's collation. */
  readonly collation: number;
  /** The current database from then on. */
  readonly database?: Buffer;
}

/** Capabilities that change the shape of the login itself: the server goes by what the client says. */
const shaping =
  capability.connectWithDatabase | capability.secureConnection | capability.pluginAuthLengthEncoded | capability.protocol41;

/**
 * Reads the client's first packet. Throws for a switch to TLS or compression, and for every capability that would make this connection
 * mean something else to the server than to us.
 */
export function readLogin(payload: Buffer, greeting: Greeting): Login {
  const cursor = new Cursor(payload);
  const flags = cursor.integer(4);
  if (has(flags, capability.tls)) throw new ProtocolError('the client switches to TLS');
  if (!has(flags, capability.protocol41)) throw new ProtocolError('the client speaks an older protocol');
  const withheldBits = flags & greeting.capabilities & ~greeting.offeredCapabilities;
  const unknownShape = flags & shaping & ~greeting.capabilities;
  if (withheldBits !== 0 || unknownShape !== 0) throw new ProtocolError('the client asks for what it was not offered');
  cursor.take(4);
  const collation = cursor.integer(1);
  cursor.take(19);
  const mariadb = cursor.integer(4);
  if (!has(flags, capability.mysql) && (mariadb & greeting.mariadbCapabilities & ~greeting.offeredMariadbCapabilities) !== 0) {
    throw new ProtocolError('the client asks for what it was not offered');
  }
  cursor.terminated();
  readAuthentication(cursor, flags);
  const database = has(flags, capability.connectWithDatabase) ? cursor.terminated() : undefined;
  const capabilities = (flags & greeting.capabilities) >>> 0;
  return { capabilities, collation, ...(database === undefined || database.length === 0 ? {} : { database }) };
}

function readAuthentication(cursor: Cursor, flags: number): void {
  if (has(flags, capability.pluginAuthLengthEncoded)) cursor.take(cursor.lengthEncoded());
  else if (has(flags, capability.secureConnection)) cursor.take(cursor.integer(1));
  else cursor.terminated();
}

/** Reads COM_CHANGE_USER, behind its command byte: the user's collation and database from then on. */
export function readChangeUser(
  payload: Buffer,
  capabilities: number,
): { readonly collation?: number; readonly database?: Buffer } {
  const cursor = new Cursor(payload);
  cursor.terminated();
  if (has(capabilities, capability.secureConnection)) cursor.take(cursor.integer(1));
  else cursor.terminated();
  const database = cursor.terminated();
  const collation = cursor.left >= 2 ? cursor.integer(2) : undefined;
  return { ...(database.length === 0 ? {} : { database }), ...(collation === undefined ? {} : { collation }) };
}
