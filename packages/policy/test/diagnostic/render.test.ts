import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/diagnostic/diagnostic.js';
import { renderDiagnostic } from '../../src/diagnostic/render.js';
import type { Span } from '../../src/diagnostic/span.js';

/** The span of the first occurrence of a part of a text. */
function spanOf(text: string, part: string, file = 'a.yaml'): Span {
  const offset = text.indexOf(part);
  const position = (at: number) => {
    const lines = text.slice(0, at).split('\n');
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, offset: at };
  };
  return { file, start: position(offset), end: position(offset + part.length) };
}

function diagnostic(text: string, part: string, more: Partial<Diagnostic> = {}): Diagnostic {
  return { code: 'wrong-type', kind: 'invalid', severity: 'error', message: 'it is wrong', span: spanOf(text, part), ...more };
}

function render(text: string, part: string, more: Partial<Diagnostic> = {}, colour = false): string {
  return renderDiagnostic(diagnostic(text, part, more), [{ path: 'a.yaml', text }], { colour });
}

describe('renderDiagnostic', () => {
  const text = 'first: 1\nsecond: two\n';

  it('puts carets under the offending text', () => {
    expect(render(text, 'two')).toBe('a.yaml:2:9: error wrong-type: it is wrong\n2 | second: two\n  |         ^^^');
  });

  it('adds hint, related places and the suggestion as it is', () => {
    const related = [{ message: 'the other one', span: spanOf(text, 'first') }];
    expect(render(text, 'two', { severity: 'warning', hint: 'write three', related, suggestion: 'a:\n  b: 1\n' })).toBe(
      [
        'a.yaml:2:9: warning wrong-type: it is wrong',
        '2 | second: two',
        '  |         ^^^',
        'hint: write three',
        'a.yaml:1:1: the other one',
        '1 | first: 1',
        '  | ^^^^^',
        'suggestion:',
        'a:',
        '  b: 1',
      ].join('\n'),
    );
  });

  it('marks the first line of a place that spans several', () => {
    expect(render(text, '1\nsecond')).toContain('1 | first: 1\n  |        ^');
  });

  it('says only the place where the text is not at hand, or the line is blank', () => {
    expect(renderDiagnostic(diagnostic(text, 'two'), [], { colour: false })).toBe('a.yaml:2:9: error wrong-type: it is wrong');
    expect(render('a:\n\n', '\n\n')).toContain('a.yaml:1:3');
  });

  it('shows a caret at the end of a line', () => {
    expect(render('a: [\n', '\n').split('\n').slice(1)).toEqual(['1 | a: [', '  |     ^']);
  });

  it('aligns carets below tabs, wide and combining characters', () => {
    expect(render('\ta: b\n', 'b').split('\n').slice(1)).toEqual(['1 |     a: b', '  |        ^']);
    expect(render('漢字: x\n', 'x').split('\n').slice(1)).toEqual(['1 | 漢字: x', '  |       ^']);
    expect(render('e\u0301: 漢\n', '漢').split('\n').slice(1)).toEqual(['1 | e\u0301: 漢', '  |    ^^']);
    expect(render('😀: x\n', 'x').split('\n').slice(1)).toEqual(['1 | 😀: x', '  |     ^']);
  });

  it('cuts long lines around the offending text', () => {
    const long = `values: [${'a, '.repeat(200)}HERE${', b'.repeat(200)}]\n`;
    const [, source = '', carets = ''] = render(long, 'HERE').split('\n');
    expect([...source].length).toBeLessThanOrEqual(130);
    expect(source).toMatch(/^1 \| ….*HERE.*…$/);
    expect(carets.indexOf('^')).toBe(source.indexOf('HERE'));
    expect(carets.match(/\^+/)?.[0]).toBe('^^^^');
  });

  it('cuts a long offending text too', () => {
    const [, source = '', carets = ''] = render(`a: ${'x'.repeat(1000)}\n`, 'x'.repeat(1000)).split('\n');
    expect([...source].length).toBeLessThanOrEqual(130);
    expect(carets.length).toBeLessThanOrEqual([...source].length);
  });

  it('lets nothing that a user wrote move the cursor', () => {
    const evil = 'a: \u001b[2Jx\u202e\n';
    const printed = render(evil, 'x', { message: 'it says `\u001b[31m`\nand more', hint: '\r', suggestion: 'b: \u0007' });
    expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(printed).toContain('\\u{1b}[2Jx\\u{202e}');
    expect(printed).toContain('`\\u{1b}[31m`\\nand more');
  });

  it('colours only where asked to', () => {
    const printed = render(text, 'two', { hint: 'h' }, true);
    expect(printed).toContain('\u001b[1;31merror\u001b[0m');
    expect(
      printed
        .split('\u001b[')
        .map((part, index) => (index === 0 ? part : part.slice(part.indexOf('m') + 1)))
        .join(''),
    ).toBe(render(text, 'two', { hint: 'h' }));
  });
});
