import { timingSafeEqual } from 'node:crypto';
import type { ProxyCredential } from '../gate.js';

/** Bytes that a credential is compared in. What does not fit is none: those of a mesh are far shorter. */
const room = 512;

/** Whether a client presented the credential; always false where there is none. Takes the same time whatever of it is right. */
export function isCredential(expected: ProxyCredential | undefined, username: string, password: string): boolean {
  if (expected === undefined) return false;
  const [wanted, presented] = [keptForm(expected), formOf(username, password)];
  return wanted !== undefined && presented !== undefined && timingSafeEqual(wanted, presented);
}

const forms = new WeakMap<ProxyCredential, Buffer>();

/** Kept with the credential, which is asked for at every connection. */
function keptForm(credential: ProxyCredential): Buffer | undefined {
  const known = forms.get(credential);
  if (known !== undefined) return known;
  const made = formOf(credential.username, credential.password);
  if (made !== undefined) forms.set(credential, made);
  return made;
}

/** Both texts with their lengths, the rest zeros: equal for equal ones only, and as long for all. Undefined where there is no room. */
function formOf(username: string, password: string): Buffer | undefined {
  const length = Buffer.byteLength(username);
  if (length + Buffer.byteLength(password) + 4 > room) return undefined;
  const form = Buffer.alloc(room);
  form.writeUInt16BE(length, 0);
  form.write(username, 2);
  form.writeUInt16BE(Buffer.byteLength(password), 2 + length);
  form.write(password, 4 + length);
  return form;
}
