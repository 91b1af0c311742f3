import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { migrate, renderDiagnostic, strict } from '../../src/index.js';

const folder = new URL('goldens/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.in.yaml'))
  .map((name) => name.slice(0, -'.in.yaml'.length));

/** The policies that are written, or why none are; what a reader should know comes first, as comments. */
function outcomeOf(name: string): string {
  const path = `${name}.in.yaml`;
  const files = [{ path, text: readFileSync(new URL(path, folder), 'utf8') }];
  const { text, diagnostics, ok } = migrate(files, strict);
  const shown = diagnostics.map((each) => renderDiagnostic(each, files, { colour: false }));
  const lines = shown.flatMap((each) => each.trimEnd().split('\n')).map((line) => `#! ${line}`.trimEnd());
  expect(ok).toBe(!diagnostics.some(({ severity }) => severity === 'error'));
  return [...lines, ...(ok ? [text] : [''])].join('\n');
}

describe('what a migration writes', () => {
  it.each(names)('%s is as in its golden file', (name) => {
    const golden = new URL(`${name}.out.yaml`, folder);
    const outcome = outcomeOf(name);
    if (process.env.UPDATE_GOLDENS === '1') writeFileSync(golden, outcome);
    expect(readFileSync(golden, 'utf8')).toBe(outcome);
  });
});
