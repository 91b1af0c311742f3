import type { Coverage } from './measure.js';
import type { Chapter } from './vocabulary.js';

/** The words of the language that no case allows by, or none denies by. */
export function holesIn(coverage: Coverage, chapters: readonly Chapter[]): readonly string[] {
  return chapters.flatMap(({ items }) =>
    items.flatMap((item) => {
      const { allow, deny } = coverage.get(item) ?? { allow: 0, deny: 0 };
      return [...(allow === 0 ? [`nothing allows by ${item}`] : []), ...(deny === 0 ? [`nothing denies by ${item}`] : [])];
    }),
  );
}

/** A table of how many queries allow and deny by each word, with every hole marked. */
export function renderCoverage(coverage: Coverage, chapters: readonly Chapter[]): string {
  const width = Math.max(...chapters.flatMap(({ title, items }) => [title, ...items]).map(({ length }) => length)) + 2;
  const lines = chapters.flatMap(({ title, items }) => [
    '',
    `${title.padEnd(width)}   allow    deny`,
    ...items.map((item) => {
      const { allow, deny } = coverage.get(item) ?? { allow: 0, deny: 0 };
      const hole = allow === 0 || deny === 0 ? '   HOLE' : '';
      return `  ${item.padEnd(width - 2)}${String(allow).padStart(8)}${String(deny).padStart(8)}${hole}`;
    }),
  ]);
  return lines.slice(1).join('\n');
}
