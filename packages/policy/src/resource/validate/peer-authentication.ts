import type { Fields } from '../decode/fields.js';
import type { PeerAuthentication } from '../model/peer-authentication.js';

/** Checks a PeerAuthentication (reference section 7.9). */
export function validatePeerAuthentication(_policy: PeerAuthentication, _object: Fields): void {}
