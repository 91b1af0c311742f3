/** Decodes UTF-8, given as one character per byte; undefined where it is malformed, overlong and surrogates included. */
export function decodeUtf8(bytes: string): string | undefined {
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes.charCodeAt(at);
    const length = lengthOf(lead);
    if (length === 0 || at + length > bytes.length) return undefined;
    const code = length === 1 ? lead : decodeSequence(bytes, at, length);
    if (code === undefined) return undefined;
    parts.push(String.fromCodePoint(code));
    at += length;
  }
  return parts.join('');
}

const smallest = [0, 0, 0x80, 0x800, 0x10000];

function lengthOf(lead: number): 0 | 1 | 2 | 3 | 4 {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

function decodeSequence(bytes: string, at: number, length: number): number | undefined {
  let code = bytes.charCodeAt(at) & (0xff >> (length + 1));
  for (let next = at + 1; next < at + length; next++) {
    const byte = bytes.charCodeAt(next);
    if (byte < 0x80 || byte > 0xbf) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code < (smallest[length] ?? 0) || code > 0x10ffff || isSurrogate ? undefined : code;
}
