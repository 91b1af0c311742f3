/** One series of a metric: its labels and its value. */
export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text that a gate serves at `/metrics` (OpenMetrics, as far as gates use it). */
export function parseMetrics(text: string): Series[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:]\w*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) return [];
    const [, metric = '', labels = '', value] = match;
    return [{ metric, labels: parseLabels(labels), value: Number(value) }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, unescaped)]));
}

function unescaped(_: string, character: string): string {
  return character === 'n' ? '\n' : character;
}

/** What has been counted since: every series that grew, with by how much. */
export function growth(before: readonly Series[], after: readonly Series[]): Series[] {
  const known = new Map(before.map((series) => [keyOf(series), series.value]));
  return after
    .map((series) => ({ ...series, value: series.value - (known.get(keyOf(series)) ?? 0) }))
    .filter(({ value }) => value > 0);
}

function keyOf({ metric, labels }: Series): string {
  return JSON.stringify([metric, labels]);
}
