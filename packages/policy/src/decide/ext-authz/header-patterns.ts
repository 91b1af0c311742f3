import { lowerAscii, matchesPresentPattern } from '../../reference/string-pattern.js';

/** Tells whether one of a provider's header patterns covers a name: exact, prefix or suffix, case aside. */
export function headerPatterns(patterns: readonly string[]): (name: string) => boolean {
  const lower = patterns.map(lowerAscii);
  return (name) => lower.some((pattern) => matchesPresentPattern(pattern, lowerAscii(name)));
}
