import { describe, expect, it } from 'vitest';
import { growth, parseMetrics } from '../../src/seeds/gate-metrics.js';

describe('the metrics of a gate', () => {
  it('are read with their labels, quotes and backslashes included', () => {
    const text = '# TYPE a counter\na_total{x="1",y="say \\"hi\\" \\\\ there"} 3\nb 4.5\n# EOF\n';
    expect(parseMetrics(text)).toEqual([
      { metric: 'a_total', labels: { x: '1', y: 'say "hi" \\ there' }, value: 3 },
      { metric: 'b', labels: {}, value: 4.5 },
    ]);
  });

  it('grow by series, a new one by all of its value', () => {
    const before = parseMetrics('a{x="1"} 3\na{x="2"} 5\n');
    const after = parseMetrics('a{x="1"} 3\na{x="2"} 6\na{x="3"} 2\n');
    expect(growth(before, after)).toEqual([
      { metric: 'a', labels: { x: '2' }, value: 1 },
      { metric: 'a', labels: { x: '3' }, value: 2 },
    ]);
  });
});
