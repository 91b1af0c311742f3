import type { SourceFile } from '@sallyport/policy';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fileChange, withChange } from '../../src/gate-protocol/file-change.js';

const file = fc.record({ path: fc.constantFrom('a', 'b', 'c', 'd', 'e'), text: fc.constantFrom('1', '2') });
const files = fc.uniqueArray(file, { selector: ({ path }) => path });
const byPath = (some: readonly SourceFile[]) => new Map(some.map(({ path, text }) => [path, text]));

it('a change leads from the files that it was made of to the others, and carries none that is the same', () => {
  fc.assert(
    fc.property(files, files, (before, after) => {
      const change = fileChange(before, after);
      expect(byPath(withChange(before, change))).toEqual(byPath(after));
      for (const { path, text } of change.written) expect(byPath(before).get(path)).not.toBe(text);
      for (const path of change.removed) expect(byPath(after).has(path)).toBe(false);
    }),
  );
});
