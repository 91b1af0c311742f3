import { type DialectRow, dialectRows } from './dialect-rows.js';
import { type Difference, type Differences, isDefect } from './difference.js';

/** The differences, grouped by rows of the dialect table, in its order; what must not be comes last, query by query. */
export function renderDifferences({ asked, found, problems }: Differences): string {
  const defects = found.filter(isDefect);
  const accounted = found.filter((difference) => !isDefect(difference));
  const lines = [
    ...groupsOf(accounted).flatMap(renderGroup),
    ...defects.map((each) => `${each.where}: strict ${verb(each)} (${each.reason}), ${whyDefect(each)}`),
    ...problems.map((problem) => `cannot be compared: ${problem}`),
    `${found.length} of ${asked} queries differ, ${defects.length} of them without a row that says so`,
  ];
  return `${lines.join('\n')}\n`;
}

interface Group {
  readonly title: string;
  readonly rows: readonly DialectRow[];
  readonly differences: readonly Difference[];
}

/** One group for each set of rows that some difference needs, the fewest and first rows first. */
function groupsOf(differences: readonly Difference[]): readonly Group[] {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const title = titleOf(difference);
    groups.set(title, [...(groups.get(title) ?? []), difference]);
  }
  const order = (rows: readonly DialectRow[]) =>
    rows.length * dialectRows.length + Math.min(...rows.map((row) => dialectRows.indexOf(row)));
  return [...groups]
    .map(([title, each]) => ({ title, rows: each[0]?.rows ?? [], differences: each }))
    .sort((a, b) => (a.rows.length === 0 ? 1 : b.rows.length === 0 ? -1 : order(a.rows) - order(b.rows)));
}

function titleOf({ rows }: Difference): string {
  if (rows.length === 0) return 'before any policy: the identity is none that a handshake here lets in';
  return rows.map(({ question }) => question).join(', and ');
}

function renderGroup({ title, rows, differences }: Group): readonly string[] {
  const denied = differences.filter(({ strict }) => strict === 'deny');
  const allowed = differences.filter(({ strict }) => strict === 'allow');
  const told = rows.flatMap(({ allows }) => (allows === undefined ? [] : [allows])).join('; ');
  return [
    title,
    ...(denied.length === 0 ? [] : [`  ${denied.length} denied that upstream allows, such as ${denied[0]?.where}`]),
    ...(allowed.length === 0 ? [] : [`  ${allowed.length} allowed that upstream denies (${told}), such as ${allowed[0]?.where}`]),
    '',
  ];
}

function whyDefect({ rows }: Difference): string {
  if (rows.length === 0) return 'and no row of the table is about it';
  return `and these rows do not say that they allow more: ${rows.map(({ question }) => question).join(', ')}`;
}

function verb({ strict }: Difference): string {
  return strict === 'allow' ? 'allows' : 'denies';
}
