import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/cases/coverage/measure.js';
import { holesIn, renderCoverage } from '../../src/cases/coverage/render-coverage.js';
import { chapters } from '../../src/cases/coverage/vocabulary.js';
import { interpreter } from '../../src/cases/interpreter.js';
import { loadCases } from '../../src/cases/load-cases.js';

const cases = loadCases();

describe('the coverage of the language', () => {
  it('has no hole: something allows and something denies by every word', () => {
    expect(holesIn(measureCoverage(interpreter, cases, 1), chapters)).toEqual([]);
  });

  it('shows as a hole what no case is about', () => {
    const about = cases.filter(({ name }) => name.includes('a principal is the identity'));
    const coverage = measureCoverage(interpreter, about);
    expect(coverage.get('principals')).toEqual({ allow: 3, deny: 9 });
    expect(holesIn(coverage, chapters)).toContain('nothing allows by notPrincipals');
    expect(renderCoverage(coverage, chapters)).toMatch(/^ {2}notPrincipals +0 +0 +HOLE$/m);
  });

  it('counts a word only where the answer hangs on it', () => {
    const about = cases.filter(({ name }) => name.includes('a DENY of L7 attributes only does nothing'));
    expect(measureCoverage(interpreter, about).get('methods')).toBeUndefined();
  });
});
