import { describe, expect, it } from 'vitest';
import { plainKey, resolvePlain } from '../../../src/resource/parse/scalar.js';

describe('a plain scalar', () => {
  it.each(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])(
    '%s is true, as Kubernetes reads it',
    (text) => {
      expect(resolvePlain(text)).toBe(true);
    },
  );

  it.each(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])(
    '%s is false, as Kubernetes reads it',
    (text) => {
      expect(resolvePlain(text)).toBe(false);
    },
  );

  it.each(['', '~', 'null', 'Null', 'NULL'])('"%s" is null', (text) => {
    expect(resolvePlain(text)).toBeNull();
  });

  it.each([
    'yEs',
    'tRUE',
    'nULL',
    'none',
    '10.0.0.7',
    '10.0.0.0/8',
    '1:30',
    '2026-01-01',
    '-',
    '+',
    '.',
    '0x',
    '1_a',
    '::1',
    '8080-8090',
    '1e',
  ])('%s is a string', (text) => {
    expect(resolvePlain(text)).toBe(text);
  });

  it.each([
    ['80', 80],
    ['-1', -1],
    ['+1', 1],
    ['8e1', 80],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0x1F', -31],
    ['0b101', 5],
    ['08', 8],
    ['1_000', 1000],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.nan', Number.NaN],
  ])('%s is the number %d', (text, number) => {
    expect(resolvePlain(text)).toBe(number);
  });
});

describe('the name of a field', () => {
  it('becomes text, as JSON has no other names', () => {
    expect(['app', '80', 'yes', '1.5', '0x10'].map(plainKey)).toEqual(['app', '80', 'true', '1.5', '16']);
  });

  it('cannot be null', () => {
    expect(plainKey('~')).toBeUndefined();
  });
});
