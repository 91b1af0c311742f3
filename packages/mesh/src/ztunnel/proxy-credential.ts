import { createHash, timingSafeEqual } from 'node:crypto';
import type { ProxyCredential } from '../gate.js';

/** Whether a client presented the credential; always false where there is none. Takes the same time whatever was presented. */
export function isCredential(expected: ProxyCredential | undefined, username: string, password: string): boolean {
  if (expected === undefined) return false;
  return timingSafeEqual(digest(expected.username, expected.password), digest(username, password));
}

function digest(username: string, password: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([username, password]))
    .digest();
}
