import type { HeaderLine } from '@sallyport/policy';
import { recordedHeaders } from './wire-headers.js';

/**
 * What a backend received, in a form that says nothing about what the record leaves open: it sorts the lines of one name, and Envoy
 * writes the members of an object in an order that changes from run to run. `record` is the recorded list.
 */
export function comparableHeaders(lines: readonly HeaderLine[], record: readonly HeaderLine[]): readonly HeaderLine[] {
  const count = (name: string) => record.filter(([each]) => each === name).length;
  return recordedHeaders(lines).map(([name, value]) => [
    name,
    count(name) > 1 ? value.split(',').map(inOneOrder).sort().join(',') : inOneOrder(value),
  ]);
}

/** A value that is the base64 of a JSON object, with its members in order; any other as it is. */
function inOneOrder(value: string): string {
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  if (!decoded.startsWith('{')) return value;
  try {
    return JSON.stringify(sorted(JSON.parse(decoded)));
  } catch {
    return value;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
