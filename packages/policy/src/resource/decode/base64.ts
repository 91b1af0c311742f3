const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Decodes base64 to text of bytes (Latin-1, which PEM is); line breaks are ignored, anything else that does not belong gives
 * undefined. Written here because this package has no runtime of its own to ask.
 */
export function decodeBase64(encoded: string): string | undefined {
  const text = encoded.replaceAll('\n', '').replaceAll('\r', '');
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes: string[] = [];
  let bits = 0;
  let width = 0;
  for (const letter of text.slice(0, text.length - padding)) {
    const value = alphabet.indexOf(letter);
    if (value === -1) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    width += 6;
    if (width < 8) continue;
    width -= 8;
    bytes.push(String.fromCharCode((bits >> width) & 0xff));
  }
  return bytes.join('');
}
