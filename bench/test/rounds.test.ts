import { describe, expect, it } from 'vitest';
import { ratiosOf } from '../src/wire/mesh-report.js';
import { addedTo, figureOf, type Round, ratioOf, rotated } from '../src/wire/rounds.js';
import { quantile, spreadOf } from '../src/wire/spread.js';

const round = (ours: number, envoys: number): Round => ({
  direct: { 'round-trip-p50': 10 },
  envoy: { 'one-connection': envoys, 'round-trip-p50': envoys },
  sallyport: { 'one-connection': ours, 'round-trip-p50': ours },
});

describe('a spread', () => {
  it('is the middle of its values and their range, whatever their order', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('of an even number has its middle between two', () => {
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('of one value is that value', () => {
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  it('of nothing is refused', () => {
    expect(() => spreadOf([])).toThrow('nothing was measured');
    expect(() => quantile([], 0.99)).toThrow('nothing was measured');
  });
});

describe('a ratio', () => {
  it('divides figures of the same round, not medians of different ones', () => {
    const rounds = [round(1, 10), round(20, 10), round(30, 100)];
    expect(ratioOf(rounds, 'sallyport', 'envoy', 'one-connection')).toEqual({ median: 0.3, min: 0.1, max: 2 });
    expect(figureOf(rounds, 'sallyport', 'one-connection')?.median).toBe(20);
  });

  it('is absent where no round has both figures', () => {
    expect(ratioOf([round(1, 2)], 'sallyport', 'ztunnel', 'one-connection')).toBeUndefined();
  });

  it('meets its target upwards for rates and downwards for times', () => {
    const ratios = ratiosOf({ rounds: [round(19, 20)] });
    expect(ratios.find(({ measure }) => measure === 'one-connection')).toMatchObject({ to: 'envoy', target: 0.9, met: true });
    expect(ratios.find(({ measure }) => measure === 'round-trip-p50')).toMatchObject({ to: 'envoy', target: 1, met: true });
    const worse = ratiosOf({ rounds: [round(10, 20)] });
    expect(worse.find(({ measure }) => measure === 'one-connection')?.met).toBe(false);
    const slower = ratiosOf({ rounds: [round(30, 20)] });
    expect(slower.find(({ measure }) => measure === 'round-trip-p50')?.met).toBe(false);
  });

  it('of added latency is a difference', () => {
    expect(addedTo([round(15, 20)], 'sallyport', 'direct', 'round-trip-p50')?.median).toBe(5);
  });
});

describe('the order of rounds', () => {
  it('lets each path go first in turn', () => {
    expect([0, 1, 2, 3].map((by) => rotated(['a', 'b', 'c'], by).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
