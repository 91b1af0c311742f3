import type { Case } from '../cases/case.js';
import type { CaseEngine } from '../cases/engine.js';
import type { Tally } from '../recorded/tally.js';
import type { RouteRow } from '../routes/route-table.js';
import type { TableRow } from './table.js';

/** What a table is judged with: the cases that it names, the engine that answers them, and the connections that it names. */
export interface Evidence {
  readonly cases: readonly Case[];
  readonly engine: CaseEngine;
  readonly routes: readonly RouteRow[];
}

/**
 * Judges that every place which the table names shows what its row says: a case that the dialects answer differently, one that
 * `strict` refuses, a connection that they send elsewhere. What cases and connections come to is judged where they are.
 */
export function judgeTable(rows: readonly TableRow[], evidence: Evidence, tally: Tally): void {
  for (const { question, cases = [], refused = [], routes = [] } of rows) {
    for (const title of cases) tally.judge(`${question}: ${title}`, judgeDifference(named(evidence.cases, title)));
    for (const { case: title, code } of refused) {
      tally.judge(`${question}: ${title}`, judgeRefusal(named(evidence.cases, title), code, evidence.engine));
    }
    for (const title of routes)
      tally.judge(`${question}: ${title}`, judgeRoute(evidence.routes.find((each) => each.title === title)));
  }
}

/** The case of a title, once for each gate that it is about. */
function named(cases: readonly Case[], title: string): readonly Case[] {
  return cases.filter(({ name }) => name.replace(/ \([a-z-]+\)$/, '').endsWith(`: ${title}`));
}

function judgeDifference(cases: readonly Case[]): readonly string[] {
  if (cases.length === 0) return ['there is no such case'];
  const differs = cases.some(({ queries }) =>
    queries.some(
      ({ expect }) => expect.strict && expect.upstream && JSON.stringify(expect.strict) !== JSON.stringify(expect.upstream),
    ),
  );
  return differs ? [] : ['no query of it is answered differently'];
}

function judgeRefusal(cases: readonly Case[], code: string, engine: CaseEngine): readonly string[] {
  if (cases.length === 0) return ['there is no such case'];
  return cases.flatMap((each) => {
    const answered = each.queries.some(({ expect }) => expect.upstream !== undefined);
    const defect = defectOf(() => engine.load(each, 'strict'));
    return [
      ...(answered ? [] : ['upstream is not asked']),
      ...(defect?.startsWith(`${code}: `) ? [] : [`expected that strict refuses it with ${code}, got ${defect ?? 'no refusal'}`]),
    ];
  });
}

function defectOf(load: () => unknown): string | undefined {
  try {
    load();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function judgeRoute(route: RouteRow | undefined): readonly string[] {
  if (route === undefined) return ['there is no such connection'];
  return route.strict === route.upstream ? ['it goes the same way in both dialects'] : [];
}
