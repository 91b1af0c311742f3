/**
 * A policy's string as the bytes that HTTP carries, one character per byte: policies are written in Unicode, requests arrive in
 * bytes, and both are compared in this form.
 */
export function wireText(text: string): string {
  let bytes = '';
  for (const char of text) bytes += utf8(char.codePointAt(0) ?? 0);
  return bytes;
}

/** Whether every character stands for one byte, so that the text can have come off a wire. */
export function isWireText(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

function utf8(code: number): string {
  const scalar = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  if (scalar < 0x80) return String.fromCharCode(scalar);
  const length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
  const lead = [0xc0, 0xe0, 0xf0][length - 2] ?? 0;
  let bytes = String.fromCharCode(lead | (scalar >> (6 * (length - 1))));
  for (let rest = length - 2; rest >= 0; rest--) bytes += String.fromCharCode(0x80 | ((scalar >> (6 * rest)) & 0x3f));
  return bytes;
}
