/** Control and format characters: they would move the cursor, colour the terminal or reorder what is read. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const maximumLength = 400;

/** A text that is safe to show on a terminal, in one line: what does not print is written as an escape. */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** A printable message that is not endless, whatever a user wrote into the names that it quotes. */
export function printableMessage(text: string): string {
  const clean = printable(text);
  if (clean.length <= maximumLength) return clean;
  const half = maximumLength / 2;
  return `${clean.slice(0, half)}…${clean.slice(-half)}`;
}

/** `\n`, `\t` or `\u{1b}`. */
function escapeCharacter(character: string): string {
  const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  return known ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** How many columns of a terminal a character takes: none for a combining mark, two for a wide one. */
export function columnsOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) return 0;
  return wideRanges.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}

const wideRanges = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
] as const;
