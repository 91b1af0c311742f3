const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const standard = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map([...alphabet].map((letter, value) => [letter, value]));

/** Decodes base64url, padded or not, to one character per byte; undefined where it is none. Blanks are skipped, as Envoy skips them. */
export function decodeBase64Url(text: string): string | undefined {
  const letters = withoutPadding(withoutBlanks(text));
  if (letters === undefined || letters.length % 4 === 1) return undefined;
  const bytes: string[] = [];
  let bits = 0;
  let width = 0;
  for (const letter of letters) {
    const value = values.get(letter);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    width += 6;
    if (width < 8) continue;
    width -= 8;
    bytes.push(String.fromCharCode((bits >> width) & 0xff));
  }
  return bytes.join('');
}

/** The text without padding; undefined where there is some and it is not what fills up the last group of four. */
export function withoutPadding(text: string): string | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (padding > 0 && text.length % 4 !== 0) return undefined;
  return text.slice(0, text.length - padding);
}

/** The text without spaces and tabs. */
export function withoutBlanks(text: string): string {
  return text.replaceAll(' ', '').replaceAll('\t', '');
}

/** Encodes text of bytes as base64url, not padded. */
export function encodeBase64Url(bytes: string): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Encodes text of bytes as padded base64. */
export function encodeBase64(bytes: string): string {
  let encoded = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes.charCodeAt(at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
    const letters = [18, 12, 6, 0].map((shift) => standard[(group >> shift) & 63]).join('');
    const missing = Math.max(0, at + 3 - bytes.length);
    encoded += letters.slice(0, 4 - missing) + '='.repeat(missing);
  }
  return encoded;
}

function byteAt(bytes: string, at: number): number {
  return at < bytes.length ? bytes.charCodeAt(at) : 0;
}
