import { describe, expect, it } from 'vitest';
import { hasErrors, hasInvalid, sortDiagnostics } from '../../src/diagnostic/diagnostic.js';
import { Reporter } from '../../src/diagnostic/reporter.js';
import type { Span } from '../../src/diagnostic/span.js';

function span(line: number, column = 1, file = 'a.yaml'): Span {
  const position = { line, column, offset: line * 100 + column };
  return { file, start: position, end: position };
}

describe('Reporter', () => {
  it('takes kind and severity from the code', () => {
    const reporter = new Reporter();
    reporter.report('wrong-type', span(1), 'a');
    reporter.report('selector-without-labels', span(1), 'b');
    expect(reporter.diagnostics).toMatchObject([
      { code: 'wrong-type', kind: 'invalid', severity: 'error' },
      { code: 'selector-without-labels', kind: 'finding', severity: 'warning' },
    ]);
    expect(reporter.errorCount).toBe(1);
  });

  it('keeps the same complaint about the same place once', () => {
    const reporter = new Reporter();
    for (const line of [1, 1, 2]) reporter.report('wrong-type', span(line), 'a');
    reporter.report('wrong-type', span(1), 'b');
    expect(reporter.diagnostics).toHaveLength(3);
  });

  it('keeps messages to one line of bounded length', () => {
    const reporter = new Reporter();
    reporter.report('wrong-type', span(1), `\`${'x'.repeat(5000)}\n\`is wrong`);
    expect(reporter.diagnostics[0]?.message.length).toBeLessThan(500);
    expect(reporter.diagnostics[0]?.message).toMatch(/^`x+….*`is wrong$/);
  });
});

describe('diagnostics', () => {
  const reporter = new Reporter();
  reporter.report('wrong-type', span(2, 3), 'a');
  reporter.report('wrong-type', span(2, 1), 'b');
  reporter.report('missing-field', span(2, 1), 'c');
  reporter.report('selector-without-labels', span(1, 9), 'd');
  reporter.report('wrong-type', span(9, 9, 'A.yaml'), 'e');

  it('are sorted by file, line, column, then code', () => {
    expect(sortDiagnostics(reporter.diagnostics).map(({ message }) => message)).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('keep an object from loading only as invalid errors', () => {
    const warnings = reporter.diagnostics.filter(({ severity }) => severity === 'warning');
    expect([hasErrors(reporter.diagnostics), hasInvalid(reporter.diagnostics)]).toEqual([true, true]);
    expect([hasErrors(warnings), hasInvalid(warnings)]).toEqual([false, false]);
    const finding = reporter.diagnostics.slice(0, 1).map((diagnostic) => ({ ...diagnostic, kind: 'finding' as const }));
    expect([hasErrors(finding), hasInvalid(finding)]).toEqual([true, false]);
  });
});
