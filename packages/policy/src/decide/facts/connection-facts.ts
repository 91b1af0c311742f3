import { namespaceStart } from '../../compile/classify/spiffe-form.js';
import { connectionFacts, type Facts, type Unreadable } from '../../reference/facts.js';
import type { ConnectionAttributes } from '../../verdict/attributes.js';
import { readAddress } from './read-address.js';

/** `connectionFacts`, with faster readers of the same identities and addresses. */
export function fastConnectionFacts(connection: ConnectionAttributes): Facts | Unreadable {
  return connectionFacts(connection, isWorkloadIdentity, readAddress);
}

function isWorkloadIdentity(identity: string): boolean {
  return namespaceStart(identity) >= 0;
}
