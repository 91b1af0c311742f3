import { describe, expect, it } from 'vitest';
import { Eras } from '../src/soak/eras.js';
import { growing } from '../src/soak/gate-memory.js';

const million = 1_000_000;
const rounds = (...megabytes: readonly number[]) => megabytes.map((bytes) => [{ gate: 'a', bytes: bytes * million }]);

describe('a soak', () => {
  it('knows which states may have answered', () => {
    const eras = new Eras(0);
    const began = eras.now;
    expect([...eras.between(began, eras.now)]).toEqual([0]);
    eras.begin(1);
    expect([...eras.between(eras.now, eras.now)]).toEqual([0, 1]);
    eras.settle(1);
    expect([...eras.between(eras.now, eras.now)]).toEqual([1]);
    expect([...eras.between(began, eras.now)]).toEqual([0, 1]);
  });

  it('tells memory that grows from memory that goes up and down, or is taken at first', () => {
    expect(growing(rounds(10, 20, 40, 41, 50, 42, 43, 44, 60))).toEqual([]);
    expect(growing(rounds(10, 20, 30, 40, 50, 60, 70, 80, 90))).toEqual(['a grew from 40000000 to 70000000 bytes']);
  });
});
