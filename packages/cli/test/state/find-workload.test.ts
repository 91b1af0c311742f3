import { describe, expect, test } from 'vitest';
import { CommandFailure } from '../../src/exit-status.js';
import { findWorkload } from '../../src/state/find-workload.js';

const workloads = [
  { key: 'default/sleep-0', namespace: 'default', name: 'sleep-0', ownerName: 'sleep' },
  { key: 'default/sleep-1', namespace: 'default', name: 'sleep-1', ownerName: 'sleep' },
  { key: 'demo/httpbin-0', namespace: 'demo', name: 'httpbin-0', ownerName: 'httpbin' },
  { key: 'demo/sleep-0', namespace: 'demo', name: 'sleep-0', ownerName: 'sleep' },
];

test.each([
  ['sleep-1', 'default/sleep-1'],
  ['sleep', 'default/sleep-0'],
  ['demo/sleep', 'demo/sleep-0'],
  ['demo/httpbin-0', 'demo/httpbin-0'],
])('%s is %s', (written, key) => {
  expect(findWorkload(workloads, written).key).toBe(key);
});

describe('a name that nobody has ends with wrong usage and names what is near', () => {
  function failure(written: string): CommandFailure {
    try {
      findWorkload(workloads, written);
    } catch (error) {
      if (error instanceof CommandFailure) return error;
    }
    throw new Error('found');
  }

  test.each([
    ['slep', 'did you mean default/sleep?'],
    ['httpbin', 'did you mean demo/httpbin?'],
    ['other/sleep', 'did you mean default/sleep or demo/sleep?'],
    ['zzzzzzzz', 'there is default/sleep, demo/httpbin, demo/sleep'],
  ])('%s: %s', (written, hint) => {
    expect(failure(written)).toMatchObject({ status: 2, hint });
  });
});
