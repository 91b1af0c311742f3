import { type Dialect, type DialectName, resolveHost, routeFromWorkload, strict, upstream } from '@sallyport/policy';
import type { Case, Manifest } from '../cases/case.js';
import type { CaseEngine } from '../cases/engine.js';
import { inventoryOf } from '../cases/interpreter.js';
import type { Tally } from '../recorded/tally.js';
import type { RouteCase, TableRow } from './table.js';

/** What a table is judged with: the cases that it names, the engine that answers them, and the mesh that they share. */
export interface Evidence {
  readonly cases: readonly Case[];
  readonly engine: CaseEngine;
  readonly manifests: readonly Manifest[];
}

/**
 * Judges that every place which the table names shows what its row says: a case that the dialects answer differently, one that
 * `strict` refuses, a connection that they send elsewhere. What the cases answer is judged where cases are.
 */
export function judgeTable(rows: readonly TableRow[], evidence: Evidence, tally: Tally): void {
  for (const { question, cases = [], refused = [], routes = [] } of rows) {
    for (const title of cases) tally.judge(`${question}: ${title}`, judgeDifference(named(evidence.cases, title)));
    for (const { case: title, code } of refused) {
      tally.judge(`${question}: ${title}`, judgeRefusal(named(evidence.cases, title), code, evidence.engine));
    }
    for (const route of routes) tally.judge(`${question}: ${route.title}`, judgeRoute(route, evidence.manifests));
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

const dialects: Readonly<Record<DialectName, Dialect>> = { strict, upstream };

function judgeRoute(route: RouteCase, common: readonly Manifest[]): readonly string[] {
  const own = route.manifests ?? [];
  const replaced = new Set(own.map(keyOf));
  const manifests = [...common.filter((manifest) => !replaced.has(keyOf(manifest))), ...own];
  return (['strict', 'upstream'] as const).flatMap((name) => {
    const got = routeIn(dialects[name], manifests);
    return got === route[name] ? [] : [`expected ${route[name]} in ${name}, got ${got}`];
  });
}

function keyOf({ kind, metadata }: Manifest): string {
  const { name, namespace } = (metadata ?? {}) as { name?: string; namespace?: string };
  return `${kind} ${namespace}/${name}`;
}

function routeIn(dialect: Dialect, manifests: readonly Manifest[]): string {
  const inventory = inventoryOf({ manifests, meshConfig: {} }, dialect);
  const client = resolveHost(inventory, 'web.shop', 'shop');
  if (client === undefined || 'hostname' in client) throw new Error('the common mesh has a workload `web.shop`');
  const route = routeFromWorkload(inventory, client, { host: 'api.shop', port: 80 });
  return route.kind === 'refused' ? route.reason : route.kind;
}
