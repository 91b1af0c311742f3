import { expect, test } from 'vitest';
import { readOpenMetrics } from '../../src/top/open-metrics.js';

test('labels are read as they were, whatever they hold', () => {
  const text =
    '# TYPE seen counter\nseen_total{text="a \\"quoted\\", back\\\\slashed\\nand {braced} text",other=""} 3 1700000000\n';
  expect(readOpenMetrics(text)).toEqual([
    { name: 'seen_total', labels: { text: 'a "quoted", back\\slashed\nand {braced} text', other: '' }, value: 3 },
  ]);
});

test('what is no sample is passed over', () => {
  expect(readOpenMetrics('# HELP x y\nx\nx not-a-number\n{} 1\nplain 2\n# EOF\n')).toEqual([
    { name: 'plain', labels: {}, value: 2 },
  ]);
});
