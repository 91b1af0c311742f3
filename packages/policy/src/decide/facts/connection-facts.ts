import type { Facts, Unreadable } from '../../reference/facts.js';
import { connectionFacts } from '../../reference/facts.js';
import type { ConnectionAttributes } from '../../verdict/attributes.js';
import { readAddress } from './read-address.js';
import { isWorkloadIdentity, ReadConnection } from './read-connection.js';

/** `connectionFacts` of the same connection, taken from where they were read, and without what only few policies ask for until one does. */
export function fastConnectionFacts(connection: ConnectionAttributes): Facts | Unreadable {
  return ReadConnection.factsOf(connection) ?? connectionFacts(connection, isWorkloadIdentity, readAddress);
}
