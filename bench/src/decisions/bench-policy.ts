/** The matchers of one rule; every list that is there has to match. Each has one value, save for an allow-list's principals. */
export interface BenchRule {
  /** Istio's form, without `spiffe://`. */
  readonly principals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly ports?: readonly string[];
  readonly methods?: readonly string[];
  /** `/exact`, `/prefix/*`, `*` and a suffix, or a URI template. */
  readonly paths?: readonly string[];
}

/** A policy in a form from which both our model and every peer's own are made. */
export interface BenchPolicy {
  readonly action: 'ALLOW' | 'DENY';
  readonly rules: readonly BenchRule[];
}

/** One matcher row: a rule with one value in every field. A list counts once for each of its values. */
export interface Row {
  readonly action: 'ALLOW' | 'DENY';
  readonly principal?: string;
  readonly namespace?: string;
  readonly notNamespace?: string;
  readonly ipBlock?: string;
  readonly port?: string;
  readonly method?: string;
  readonly path?: string;
}

const fields = {
  principal: 'principals',
  namespace: 'namespaces',
  notNamespace: 'notNamespaces',
  ipBlock: 'ipBlocks',
  port: 'ports',
  method: 'methods',
  path: 'paths',
} as const satisfies Record<Exclude<keyof Row, 'action'>, keyof BenchRule>;

/** All rows, DENY first, so that an engine that stops at the first match may do so. */
export function rowsOf(policies: readonly BenchPolicy[]): Row[] {
  const rows = policies.flatMap(({ action, rules }) => rules.flatMap((rule) => rowsOfRule(action, rule)));
  return [...rows.filter(({ action }) => action === 'DENY'), ...rows.filter(({ action }) => action === 'ALLOW')];
}

function rowsOfRule(action: Row['action'], rule: BenchRule): Row[] {
  let rows: Row[] = [{ action }];
  for (const [name, list] of Object.entries(fields)) {
    const values = rule[list];
    if (values !== undefined) rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  return rows;
}

/** How one path pattern is to be read. */
export type PathPattern =
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly text: string }
  | { readonly kind: 'template'; readonly text: string };

/** Tells the kinds of path patterns apart, as Istio does for those that the mixes use. */
export function readPath(pattern: string): PathPattern {
  if (pattern.includes('{')) return { kind: 'template', text: pattern };
  if (pattern.endsWith('*')) return { kind: 'prefix', text: pattern.slice(0, -1) };
  if (pattern.startsWith('*')) return { kind: 'suffix', text: pattern.slice(1) };
  return { kind: 'exact', text: pattern };
}
