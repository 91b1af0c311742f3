/** How log lines are written: ztunnel's plain text, or one JSON object a line (reference section 7.12). */
export type LogFormat = 'text' | 'json';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** The least level that is written. It may be changed at any time. */
export interface LogThreshold {
  level: LogLevel;
}

/** Whether a line of this level is written; without a threshold, from `info` on. */
export function isLogged(level: LogLevel, threshold: LogThreshold | undefined): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(threshold?.level ?? 'info');
}

/** One field of a line; `undefined` leaves it out. `bare` fields (addresses, numbers) are not quoted in plain text. */
export interface LogField {
  readonly name: string;
  readonly value: string | number | undefined;
  readonly bare?: boolean;
}

/** One line, without a line break at its end. */
export interface LogLine {
  readonly time: Date;
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly fields: readonly LogField[];
}

/**
 * Writes `TIME<TAB>LEVEL<TAB>SCOPE<TAB>MESSAGE<TAB>k=v …`, or the same as JSON. Whatever a value holds, the result is one line
 * with one reading: values are escaped as in JSON, and bare ones are quoted as soon as they hold anything unusual.
 */
export function formatLogLine(line: LogLine, format: LogFormat): string {
  if (format === 'json') {
    const { level, time, scope, message, fields } = line;
    const entries = fields.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
    return JSON.stringify({ level, time: time.toISOString(), scope, message, ...Object.fromEntries(entries) });
  }
  let text = `${line.time.toISOString()}\t${line.level}\t${line.scope}\t${line.message}`;
  let separator = '\t';
  for (const field of line.fields) {
    if (field.value === undefined) continue;
    text += separator + formatField(field);
    separator = ' ';
  }
  return text;
}

function formatField({ name, value, bare }: LogField): string {
  if (typeof value === 'number') return `${name}=${value}`;
  const text = value ?? '';
  return bare === true && isPlain(text) ? `${name}=${text}` : `${name}=${quote(text)}`;
}

/** As JSON, with the two further line separators of Unicode escaped as well. */
export function quote(text: string): string {
  // Almost all texts are; JSON.stringify takes several times as long.
  if (needsNoEscape.test(text)) return `"${text}"`;
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function isPlain(text: string): boolean {
  return plain.test(text);
}

/** Printable ASCII but the quotation mark and the backslash. */
const needsNoEscape = /^[ !#-[\]-~]*$/;

const plain = /^[A-Za-z0-9.:_[\]%-]+$/;
