import type { TableMemory } from './table-memory.js';

/**
 * The optimisations of a table, each of which can be left out without any change to a verdict; tests do that. The defaults are what gates
 * use.
 */
export interface CompileOptions {
  /** Up to so many rows are asked one by one. */
  readonly closuresUpTo: number;
  /** A rule with more combinations of its alternatives keeps them apart, to be joined when it is asked. */
  readonly productUpTo: number;
  /** Exact values are looked up instead of walked. */
  readonly exactLookup: boolean;
  /** What is looked up is found by its length and end instead of by all of it. */
  readonly textEnds: boolean;
  /** Literal prefixes and suffixes are walked in a tree of their own. */
  readonly prefixTrees: boolean;
  /** Where templates have so many different beginnings, these are walked in a tree. */
  readonly prefixedFrom: number;
  /** Namespaces and accounts are cut out of an identity and looked up. */
  readonly spiffeForm: boolean;
  /** Words without a row are passed over by their summaries. */
  readonly summaries: boolean;
  /** Long sets of rows are kept as masks. */
  readonly denseRowSets: boolean;
  /** Up to so many rows that an answer concerns are put into a mask that lies ready, and taken out again. */
  readonly patchUpTo: number;
  /** Masks that were made are kept, up to so many bytes in a dimension. */
  readonly maskBytes: number;
  /** States of a lazy automaton are kept, up to the room of so many transitions. */
  readonly transitions: number;
  /** What all tables that are given it keep together; without it each keeps up to the two limits above. */
  readonly memory?: TableMemory;
  /** What a connection has been classified as is kept with it. */
  readonly connectionMasks: boolean;
  /** As a mask for up to so many rows; for more of them as what it changes. */
  readonly wholeMasksUpTo: number;
  /** Verdicts are made once. */
  readonly internedOutcomes: boolean;
  /** Counts what is asked of tables, for tests that have to know who answered. */
  readonly tally?: TableTally;
}

/** How many subjects were put to tables of each kind. */
export interface TableTally {
  closures: number;
  masks: number;
  /** Of all of them, how many were put to roles of the older generation. */
  roles: number;
}

export const defaultOptions: CompileOptions = {
  closuresUpTo: 8,
  productUpTo: 64,
  exactLookup: true,
  textEnds: true,
  prefixTrees: true,
  prefixedFrom: 16,
  spiffeForm: true,
  summaries: true,
  denseRowSets: true,
  patchUpTo: 64,
  maskBytes: 1 << 22,
  transitions: 1 << 22,
  connectionMasks: true,
  wholeMasksUpTo: 1 << 14,
  internedOutcomes: true,
};

/** The same where all patterns have to be in one automaton. */
export function unprefixed(options: CompileOptions): CompileOptions {
  return { ...options, prefixedFrom: Number.POSITIVE_INFINITY };
}
