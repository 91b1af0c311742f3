import { describe, expect, it } from 'vitest';
import { terminalPaint, wantsColour } from '../../src/output/colour.js';

describe('wantsColour', () => {
  it('is true on a terminal only', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: false }, {})).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });

  it('honours NO_COLOR set to anything but nothing, and a dumb terminal', () => {
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  });
});

describe('terminalPaint', () => {
  it('leaves text alone without colours', () => {
    expect(terminalPaint(false)('deny', 'no')).toBe('no');
  });

  it('ends every colour that it begins', () => {
    expect(terminalPaint(true)('deny', 'no')).toBe('\u001b[1;31mno\u001b[0m');
    expect(terminalPaint(true)('deny', '')).toBe('');
  });
});
