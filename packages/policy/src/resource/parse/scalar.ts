/** A scalar's value as Kubernetes' YAML reader makes it. */
export type ScalarValue = string | number | boolean | null;

const named = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const decimal = /^[-+]?(0|[1-9][0-9]*)$/;
const prefixed = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/**
 * The value of a plain (unquoted) scalar. Kubernetes reads YAML 1.1 with the habits of its Go reader: `yes`, `on` and `y` are
 * booleans, `0777` is octal, digits may be grouped by `_`, times and base-60 numbers stay strings.
 */
export function resolvePlain(text: string): ScalarValue {
  const word = named.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const numeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
  return numeric ? (resolveNumber(text.replaceAll('_', '')) ?? text) : text;
}

function resolveNumber(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const [, sign, hexadecimal, binary, octal] = prefixed.exec(text) ?? [];
  const digits = hexadecimal ?? binary ?? octal;
  if (digits !== undefined) {
    const base = hexadecimal !== undefined ? 16 : binary !== undefined ? 2 : 8;
    return Number.parseInt(digits, base) * (sign === '-' ? -1 : 1);
  }
  return float.test(text) ? Number(text) : undefined;
}

/** The name that a plain scalar gives to a field: Kubernetes turns keys into JSON, so `80:` is `"80"` and `yes:` is `"true"`. */
export function plainKey(text: string): string | undefined {
  const value = resolvePlain(text);
  if (value === null) return undefined;
  return typeof value === 'string' ? text : String(value);
}
