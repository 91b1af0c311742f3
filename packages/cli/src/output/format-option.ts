import { Option } from 'commander';

/** How a command prints. */
export type OutputFormat = 'text' | 'json';

/** `-o text|json`. */
export function outputOption(): Option {
  return new Option('-o, --output <FORMAT>', 'how to print').choices(['text', 'json']).default('text');
}

/** Writes one JSON document to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
