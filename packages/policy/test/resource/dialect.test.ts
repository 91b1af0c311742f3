import { describe, expect, it } from 'vitest';
import { flagEnabled, otherDialect, parseGoBoolean, strict } from '../../src/resource/dialect.js';

const name = 'ENABLE_INGRESS_WAYPOINT_ROUTING';
const withFlag = (value: string) => ({ ...strict, flags: { [name]: value } });

describe('a flag', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('is set by %s', (value) => {
    expect(flagEnabled(withFlag(value), name)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('is unset by %s, whatever its default', (value) => {
    expect(flagEnabled(withFlag(value), name, true)).toBe(false);
  });

  it.each([true, false])('has its default, %s, where it is absent or neither true nor false', (fallback) => {
    expect(flagEnabled(strict, name, fallback)).toBe(fallback);
    expect(flagEnabled(withFlag('yes'), name, fallback)).toBe(fallback);
    expect(parseGoBoolean('yes')).toBeUndefined();
  });

  it('is the same in the other dialect', () => {
    expect(otherDialect(withFlag('true'))).toEqual({ name: 'upstream', flags: { [name]: 'true' } });
  });
});
