/** What may stand where in a message of HTTP/1.1 (RFC 9110, section 5.6.2; RFC 9112): one entry for each octet. */
function octets(accepts: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (accepts(code) ? 1 : 0));
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
const tokenCharacters = new Set([..."!#$%&'*+-.^_`|~", ...digits, ...letters, ...letters.toUpperCase()]);

/** Characters of methods and field names. */
export const tokenOctets = octets((code) => tokenCharacters.has(String.fromCharCode(code)));

/** Octets of a field value, white space within included. No control but HTAB. */
export const valueOctets = octets((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

/** Octets of a request target. */
export const targetOctets = octets((code) => code > 0x20 && code < 0x7f);

/**
 * Octets of an authority. Whatever could be read as two, or as something other than one by the next hop, is not among them: spaces, controls, lists,
 * user information, paths.
 */
export const authorityOctets = octets(
  (code) => targetOctets[code] === 1 && !'"#,/<>?@\\^`{|}'.includes(String.fromCharCode(code)),
);

/** Octets of a target that HTTP/2 brought: those beyond ASCII are passed on as they came. */
export const writtenTargetOctets = octets((code) => code > 0x20 && code !== 0x7f);

/** Whether the text from `from` to `to` consists of octets that the table accepts; an empty one does. */
export function consistsOf(table: Uint8Array, text: string, from = 0, to = text.length): boolean {
  for (let at = from; at < to; at += 1) if (table[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Whether it is a token of RFC 9110, section 5.6.2. */
export function isToken(text: string, from = 0, to = text.length): boolean {
  return to > from && consistsOf(tokenOctets, text, from, to);
}
