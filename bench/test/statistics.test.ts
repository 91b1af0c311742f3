import { describe, expect, it } from 'vitest';
import { formatFigure } from '../src/report.js';
import { summarize } from '../src/statistics.js';

describe('a summary', () => {
  it('gives median, tail and extremes of its samples, whatever their order', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarize(samples)).toMatchObject({ samples: 100, p50: 51, p99: 100, min: 1, max: 100, mean: 50.5 });
  });

  it('of equal samples has no spread', () => {
    expect(summarize([3, 3, 3]).spread).toBe(0);
  });

  it('of nothing is refused', () => {
    expect(() => summarize([])).toThrow('nothing was measured');
  });
});

describe('a figure', () => {
  const figure = (title: string, value: number) => ({
    name: title,
    title,
    unit: 'requests/s' as const,
    summary: summarize([value]),
  });

  it('is shown beside its reference', () => {
    expect(formatFigure(figure('waypoint', 1500), figure('nginx', 3000))).toMatch(
      /waypoint +1,500 requests\/s +±0 % +0\.50 × nginx/,
    );
  });
});
