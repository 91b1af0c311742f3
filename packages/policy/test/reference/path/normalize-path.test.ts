import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath, pathWithoutQuery } from '../../../src/reference/path/normalize-path.js';

const normalized = (path: string, mode: Parameters<typeof normalizePath>[1]) => {
  const result = normalizePath(path, mode);
  return result.path ?? result.status;
};
const modes = ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;

describe('normalizePath', () => {
  it.each([
    ['NONE', '/app/../admin#foo', '/app/../admin'],
    ['NONE', '/a?x#y', '/a?x'],
    ['NONE', '/%00', '/%00'],
    ['BASE', '/app/../admin', '/admin'],
    ['BASE', '/app/%2E./admin', '/admin'],
    ['BASE', '/xyz%30..//abc', '/xyz0..//abc'],
    ['BASE', '/app\\admin', '/app/admin'],
    ['BASE', '/app//../../admin', '/admin'],
    ['BASE', '/app/..', '/'],
    ['BASE', '/../..', '/'],
    ['BASE', '/a/.', '/a/'],
    ['BASE', '/%5Capp%2f%5c%2F%2e%2e%2fadmin%5c\\abc', '/%5Capp%2f%5c%2F..%2fadmin%5c/abc'],
    ['BASE', '/app/..;/x', '/x'],
    ['BASE', '/app\\..;/x', '/x'],
    ['BASE', '/app/.;a', '/app/'],
    ['BASE', '/app/%2e%2e;/x', '/app/..;/x'],
    ['BASE', '/app/..%3b/x', '/app/..%3b/x'],
    ['BASE', '/"<>^`{|}', '/%22%3C%3E%5E%60%7B%7C%7D'],
    ['BASE', '/\u00e9\u007f', '/%E9%7F'],
    ['BASE', '/%4%41', '/%254A'],
    ['BASE', '/%%34%31', '/%2541'],
    ['BASE', '/%25%34', '/%254'],
    ['BASE', '/a?b/../c', '/a?b/../c'],
    ['BASE', '/a%00', 400],
    ['MERGE_SLASHES', '/app//', '/app/'],
    ['MERGE_SLASHES', '/app/\\/\\/\\admin', '/app/admin'],
    ['MERGE_SLASHES', '///', '//'],
    ['MERGE_SLASHES', '//?a//b', '//?a//b'],
    ['DECODE_AND_MERGE_SLASHES', '/%2Fapp%5cadmin%5Cabc', '/app/admin/abc'],
    ['DECODE_AND_MERGE_SLASHES', '/app%2f..;%2fx', '/x'],
    ['DECODE_AND_MERGE_SLASHES', '/%252e', '/%252e'],
    ['DECODE_AND_MERGE_SLASHES', '/a?b%2fc', '/a?b%2fc'],
  ] as const)('%s: %s becomes %s', (mode, path, expected) => {
    expect(normalized(path, mode)).toBe(expected);
  });

  const recorded = new URL('../../../../../../shared/recorded/path-normalization.json', import.meta.url);
  it.skipIf(!existsSync(recorded))('agrees with every recorded path in every mode (needs ../shared/recorded)', () => {
    const vectors = JSON.parse(readFileSync(recorded, 'utf8')) as ({ path: string } & Record<
      (typeof modes)[number],
      string | number
    >)[];
    expect(vectors.length).toBeGreaterThan(200);
    for (const vector of vectors) {
      for (const mode of modes)
        expect([vector.path, mode, normalized(vector.path, mode)]).toEqual([vector.path, mode, vector[mode]]);
    }
  });
});

describe('the laws of normalisation', () => {
  const path = fc
    .array(fc.constantFrom('/', '\\', '.', '..', '%2e', '%2F', '%5c', '%', '4', '1', '%41', ';', 'a', '//', '%25', '{', '?'), {
      maxLength: 14,
    })
    .map((parts) => `/${parts.join('')}`);
  const canonical = (text: string) => String(normalized(text, 'BASE'));

  it('a canonical path is left as it is, but for the parameter of a decoded dot segment', () => {
    fc.assert(
      fc.property(path, (text) => {
        fc.pre(!text.includes(';'));
        return canonical(canonical(text)) === canonical(text);
      }),
      { numRuns: 3000 },
    );
  });

  it('no dot segment is left', () => {
    fc.assert(
      fc.property(path, (text) => {
        const segments = pathWithoutQuery(canonical(text)).split('/');
        return !segments.includes('.') && !segments.includes('..');
      }),
      { numRuns: 3000 },
    );
  });

  it('merged paths hold no double slash, unless they are nothing but slashes', () => {
    fc.assert(
      fc.property(path, (text) => {
        const merged = pathWithoutQuery(String(normalized(text, 'MERGE_SLASHES')));
        return merged === '//' || !merged.includes('//');
      }),
    );
  });

  it('every path keeps its leading slash', () => {
    fc.assert(fc.property(path, fc.constantFrom(...modes), (text, mode) => String(normalized(text, mode)).startsWith('/')));
  });
});

it('costs no more than the length of the path', () => {
  const inputs = [
    `/${'a'.repeat(50_000)}${'/x/..'.repeat(50_000)}`,
    '/%4%41'.repeat(50_000),
    '%'.repeat(200_000),
    '..;/'.repeat(50_000),
  ];
  const started = performance.now();
  for (const input of inputs) normalizePath(input, 'DECODE_AND_MERGE_SLASHES');
  expect(performance.now() - started).toBeLessThan(5000);
});
