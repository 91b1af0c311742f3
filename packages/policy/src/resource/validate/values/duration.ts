const nanoseconds: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const part = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/;

/** A duration as Go writes it (`1h30m`, `1.5s`, `0`), in milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0;
  if (rest === '') return undefined;
  let total = 0;
  while (rest !== '') {
    const [whole, number, unit] = part.exec(rest) ?? [];
    if (whole === undefined || number === undefined || unit === undefined) return undefined;
    total += Math.floor(Number(number) * (nanoseconds[unit] ?? 0));
    rest = rest.slice(whole.length);
  }
  return (sign * total) / 1e6;
}
