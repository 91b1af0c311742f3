import { type CompileOptions, type Engine, engines, TableMemory, type TableTally } from '@sallyport/policy';

/** One optimisation left out at a time. */
const without: Readonly<Record<string, Partial<CompileOptions>>> = {
  'no closures': { closuresUpTo: -1 },
  'closures only': { closuresUpTo: Number.POSITIVE_INFINITY },
  'no products': { productUpTo: 0 },
  'no exact lookup': { exactLookup: false },
  'no lookup by ends': { textEnds: false },
  'no prefix trees': { prefixTrees: false },
  'all prefixes in a tree': { prefixedFrom: 0 },
  'no prefixes of templates in a tree': { prefixedFrom: Number.POSITIVE_INFINITY },
  'no SPIFFE form': { spiffeForm: false },
  'no summaries': { summaries: false },
  'no dense row sets': { denseRowSets: false },
  'no patched masks': { patchUpTo: 0 },
  'no kept masks': { maskBytes: 0 },
  'one kept mask': { maskBytes: 1 },
  'hardly any state': { transitions: 1 },
  'hardly any memory': { memory: new TableMemory(2000) },
  'no whole connection masks': { wholeMasksUpTo: 0 },
  'no connection masks': { connectionMasks: false },
  'no interned outcomes': { internedOutcomes: false },
};

/** The engine of gates, and one for each optimisation without it; all but two compile even few rules to masks. */
export function engineVariants(tally: TableTally): Readonly<Record<string, Engine>> {
  const engine = (options: Partial<CompileOptions>): Engine => ({
    kind: 'table',
    options: { ...engines.table.options, ...options, tally },
  });
  const variants = Object.entries(without).map(([name, options]) => [name, engine({ closuresUpTo: -1, ...options })] as const);
  return { table: engine({}), ...Object.fromEntries(variants) };
}
