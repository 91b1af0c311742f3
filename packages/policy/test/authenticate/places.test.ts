import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookiesNamed, withoutCookie } from '../../src/authenticate/cookies.js';
import { parametersNamed, rewrittenWithoutParameter, withoutParameter } from '../../src/authenticate/query.js';

describe('parameters of a query', () => {
  it.each([
    ['/?a=1&a=2', 'a', '1'],
    ['/?%61=1', 'a', '1'],
    ['/?a=%31+1', 'a', '1+1'],
    ['/?a', 'a', ''],
    ['/?b=1', 'a', undefined],
    ['/a=1', 'a', undefined],
    ['/?x=?a=1', 'a', undefined],
    ['/?a=%zz', 'a', '%zz'],
  ])('are found by their decoded names: %s has %s', (path, name, value) => {
    expect(parametersNamed(path, name)[0]).toBe(value);
  });

  it('go in every spelling, and the others stay as they were', () => {
    expect(withoutParameter('/p?b=%20&a=1&%61=2&c&', 'a')).toBe('/p?b=%20&c&');
    expect(withoutParameter('/p?a=1', 'a')).toBe('/p');
    expect(rewrittenWithoutParameter('/p?c=%41&b&a=1', 'a')).toBe('/p?b=&c=A');
  });

  it('are gone once they are removed', () => {
    const parts = fc.array(fc.constantFrom('a', '%61', 'b', '=', '&', '%', '%2', '?', '1'));
    fc.assert(
      fc.property(parts, (texts) => {
        const path = `/?${texts.join('')}`;
        expect(parametersNamed(withoutParameter(path, 'a'), 'a')).toEqual([]);
      }),
    );
  });
});

describe('cookies', () => {
  it.each([
    [['a=1; b=2'], 'b', '2'],
    [['b=1', 'b=2'], 'b', '1'],
    [['b="quoted"'], 'b', 'quoted'],
    [['  b=1'], 'b', '1'],
    [['b'], 'b', undefined],
    [['bb=1'], 'b', undefined],
    [['a=b=1'], 'b', undefined],
    [['b=x=y'], 'b', 'x=y'],
  ])('of %s: %s is %s', (lines, name, value) => {
    expect(cookiesNamed(lines, name)[0]).toBe(value);
  });

  it('go in every line, and a line that held no other goes with them', () => {
    expect(withoutCookie(['a=1; t=2; b=3', 't=1', 'c=1'], 't')).toEqual(['a=1; b=3', 'c=1']);
  });

  it('are gone once they are removed', () => {
    const parts = fc.array(fc.array(fc.constantFrom('t', 'a', '=', ';', ' ', '"')).map((texts) => texts.join('')));
    fc.assert(
      fc.property(parts, (lines) => {
        expect(cookiesNamed(withoutCookie(lines, 't'), 't')).toEqual([]);
      }),
    );
  });
});
