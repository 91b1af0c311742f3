import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWireText, wireText } from '../../src/reference/wire-text.js';

it('is the UTF-8 bytes of a text, one character each', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => wireText(text) === Buffer.from(text, 'utf8').toString('latin1')),
  );
});

it('encodes a lone surrogate as the replacement character', () => {
  expect(wireText('\ud800x')).toBe('\u00ef\u00bf\u00bdx');
});

it('knows what cannot have come off a wire', () => {
  expect(isWireText('caf\u00e9')).toBe(true);
  expect(isWireText('\u0100')).toBe(false);
  expect(isWireText('\udfff')).toBe(false);
});
