import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPathTemplate } from '../../src/reference/path-template.js';

describe('matchesPathTemplate', () => {
  it.each([
    [
      '/allow/admin/{**}',
      ['/allow/admin/', '/allow/admin/temp', '/allow/admin/a/b.txt'],
      ['/allow/admin', '/allow/user/', '/allow'],
    ],
    [
      '/foo/{*}/bar/{**}',
      ['/foo/buzz/bar/bat.txt', '/foo/buzz/bar/bat/x'],
      ['/foo/bar/bat.txt', '/foo//bar/bat.txt', '/foo/a/b/bar/x'],
    ],
    ['/store/{**}/cart', ['/store//cart', '/store/foo/cart', '/store/foo/bar/cart'], ['/store/cart', '/store/foo/cart/']],
    ['/{*}', ['/a', '/a*', '/%20', "/-._~!$&'()+,;:@="], ['/', '/a/', '/a"', '/a b', '/[', '/\u00e9']],
    ['/{**}', ['/', '/a/b', '//'], ['', '/a|b', '/a^']],
    ['/{*}/{*}', ['/a/b'], ['/a', '/a/', '//b']],
    ['/a/{*}/', ['/a/b/'], ['/a/b']],
  ])('%s', (template, matching, others) => {
    for (const path of matching) expect([path, matchesPathTemplate(template, path)]).toEqual([path, true]);
    for (const path of others) expect([path, matchesPathTemplate(template, path)]).toEqual([path, false]);
  });

  it('agrees with an expression that says the same', () => {
    const template = fc.array(fc.constantFrom('a', '/', '{*}', '{**}', '.'), { maxLength: 6 }).map((parts) => parts.join(''));
    const path = fc.string({ unit: fc.constantFrom('a', '/', '.', '|') });
    fc.assert(
      fc.property(template, path, (pattern, subject) => {
        const expression = pattern.replaceAll('.', '\\.').replaceAll('{**}', '[a./]{0,}').replaceAll('{*}', '[a.]{1,}');
        return matchesPathTemplate(pattern, subject) === new RegExp(`^${expression}$`).test(subject);
      }),
      { numRuns: 2000 },
    );
  });

  it('costs no more than its template times the path', () => {
    expect(matchesPathTemplate(`/${'{**}a'.repeat(20)}`, `/${'a'.repeat(20_000)}|`)).toBe(false);
  });
});
