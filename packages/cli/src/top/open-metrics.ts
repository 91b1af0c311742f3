/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of an OpenMetrics text, as gates write it; lines that are none, such as its comments, are passed over. */
export function readOpenMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => readSample(line) ?? []);
}

const sample = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function readSample(line: string): Sample | undefined {
  const [, name, labels = '', number] = sample.exec(line) ?? [];
  const value = Number(number);
  if (name === undefined || Number.isNaN(value)) return undefined;
  const entries = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, unescaped(text)] as const);
  return { name, labels: Object.fromEntries(entries), value };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
