import { describe, expect, test } from 'vitest';
import { isCredential } from '../../src/ztunnel/proxy-credential.js';

const credential = { username: 'default/sleep', password: 'q7Wc-29_ü' };

describe('the credential of a proxy listener', () => {
  test('is the one pair of name and password that was given out', () => {
    expect(isCredential(credential, 'default/sleep', 'q7Wc-29_ü')).toBe(true);
    expect(isCredential(credential, 'default/sleep', 'q7Wc-29_u')).toBe(false);
    expect(isCredential(credential, 'default/httpbin', 'q7Wc-29_ü')).toBe(false);
    expect(isCredential(credential, '', '')).toBe(false);
  });

  test('is not met by the same characters, cut elsewhere or filled up', () => {
    expect(isCredential(credential, 'default/slee', 'pq7Wc-29_ü')).toBe(false);
    expect(isCredential(credential, 'default/sleepq', '7Wc-29_ü')).toBe(false);
    expect(isCredential(credential, 'default/sleep\0', 'q7Wc-29_ü')).toBe(false);
    expect(isCredential(credential, 'default/sleep', 'q7Wc-29_ü\0')).toBe(false);
    expect(isCredential({ username: '', password: '' }, '\0', '\0')).toBe(false);
  });

  test('admits nobody where there is none, or where it is longer than any that a mesh gives out', () => {
    const long = { username: 'default/sleep', password: 'x'.repeat(1000) };
    expect(isCredential(undefined, '', '')).toBe(false);
    expect(isCredential(long, long.username, long.password)).toBe(false);
    expect(isCredential(credential, credential.username, 'x'.repeat(70_000))).toBe(false);
  });
});
