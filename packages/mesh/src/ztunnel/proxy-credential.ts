import { createHash, timingSafeEqual } from 'node:crypto';
import type { ProxyCredential } from '../gate.js';

/** Whether a client presented the credential; always false where there is none. Takes the same time whatever was presented. */
export function isCredential(expected: ProxyCredential | undefined, username: string, password: string): boolean {
  if (expected === undefined) return false;
  return timingSafeEqual(digestOf(expected), digest(username, password));
}

const digests = new WeakMap<ProxyCredential, Buffer>();

/** Kept with the credential, which is asked for at every connection. */
function digestOf(credential: ProxyCredential): Buffer {
  const known = digests.get(credential);
  if (known !== undefined) return known;
  const made = digest(credential.username, credential.password);
  digests.set(credential, made);
  return made;
}

function digest(username: string, password: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([username, password]))
    .digest();
}
