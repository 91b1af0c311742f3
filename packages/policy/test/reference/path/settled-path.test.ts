import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSettled, normalizePath } from '../../../src/reference/path/normalize-path.js';

const modes = ['NONE', 'DEFAULT', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
const pieces = [
  '/',
  '//',
  '\\',
  '.',
  '..',
  ';',
  ';a=b',
  '%2e',
  '%2E',
  '%2f',
  '%5c',
  '%25',
  '%',
  '%4',
  'a',
  'A',
  '~',
  '"',
  '?',
  '#',
  '%41',
  '%61',
];
const path = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`);

describe('a normalised path', () => {
  it('is settled exactly where normalising it again changes nothing', () => {
    fc.assert(
      fc.property(path, fc.constantFrom(...modes), (sent, mode) => {
        const once = normalizePath(sent, mode);
        if (once.path === undefined) return;
        expect(isSettled(once.path, mode)).toBe(normalizePath(once.path, mode).path === once.path);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ['/app/%2e%2e;/x', false],
    ['/app/.%2E;a=b/x', false],
    ['/app/%2e;', false],
    ['/app/..;/x', true],
    ['/app/a.;/x', true],
    ['/app/..%3b/x', true],
    ['/app?next=/..;/x', true],
  ])('%s: %s', (sent, settled) => {
    const { path: normalized } = normalizePath(sent, 'BASE');
    expect(isSettled(normalized ?? '', 'BASE')).toBe(settled);
    expect(isSettled(sent, 'NONE')).toBe(true);
  });
});
