import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CodeDescription } from '../../src/diagnostic/codes/code.js';
import { checkFiles, type DiagnosticCode, diagnosticCodes, hasInvalid, strict } from '../../src/index.js';

const document = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
const codes = Object.entries<CodeDescription>(diagnosticCodes) as [DiagnosticCode, CodeDescription][];
const provoked = codes.filter(([, { example }]) => example !== '');

/** Everything that is found in an example, invalid or not. */
function diagnosticsOf(example: string) {
  return checkFiles([{ path: 'example.yaml', text: example }], strict).diagnostics;
}

describe('every diagnostic code', () => {
  it.each(provoked)('%s is provoked by its example, as what it says it is', (code, { kind, severity, example }) => {
    const found = diagnosticsOf(example).filter((diagnostic) => diagnostic.code === code);
    expect(found.length).toBeGreaterThan(0);
    for (const diagnostic of found) {
      expect(diagnostic).toMatchObject({ kind, severity });
      expect(diagnostic.message).toMatch(/^[^\n]+$/);
      if (kind === 'invalid') expect(diagnostic.hint).toMatch(/./);
    }
  });

  it.each(provoked.filter(([, { kind }]) => kind === 'finding'))(
    '%s: its example is valid, as findings concern valid objects',
    (_, { example }) => {
      expect(hasInvalid(diagnosticsOf(example))).toBe(false);
    },
  );

  it.each(codes)('%s is named in kebab-case and summed up in one sentence', (code, { summary, example, cause }) => {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(summary).toMatch(/^[A-Z`].*\.$/);
    expect((example === '') === (cause !== undefined)).toBe(true);
  });
});

describe('docs/errors.md', () => {
  const headings = [...document.matchAll(/^## `(.*)`$/gm)].map(([, code]) => code);

  it('has a section for every code, and none for anything else', () => {
    expect(headings).toEqual(codes.map(([code]) => code).sort());
  });

  it.each(codes)('%s is described there as the code is', (code, { kind, severity, summary }) => {
    expect(document).toContain(`## \`${code}\`\n\n${severity}, ${kind}. ${summary}\n`);
  });
});
