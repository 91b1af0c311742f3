import { type Diagnostic, sortDiagnostics } from '../diagnostic/diagnostic.js';
import type { SourceFile } from '../diagnostic/span.js';
import { buildInventory } from '../inventory/build-inventory.js';
import type { Inventory } from '../inventory/inventory.js';
import { type Dialect, otherDialect } from '../resource/dialect.js';
import { loadResources } from '../resource/load/load-resources.js';
import { FindingContext } from './finding-context.js';
import { findings } from './findings/index.js';

/**
 * The findings on an inventory: what is valid and dangerous, or does nothing. `other` is the same manifests in the other dialect; without
 * it nothing is compared. Sorted by place.
 */
export function check(inventory: Inventory, other?: Inventory): readonly Diagnostic[] {
  const context = new FindingContext(inventory, other);
  for (const finding of findings) finding(context);
  return sortDiagnostics(context.diagnostics);
}

/** What a set of files comes to: everything that is wrong with it, and the inventory of what is valid. */
export interface CheckedFiles {
  readonly diagnostics: readonly Diagnostic[];
  readonly inventory: Inventory;
  /** Objects of kinds that were not read, by kind. */
  readonly skippedKinds: Readonly<Record<string, number>>;
}

/** Parses, validates and binds files in one dialect and compares with the other. Findings concern the valid objects only. */
export function checkFiles(files: readonly SourceFile[], dialect: Dialect): CheckedFiles {
  const { set, diagnostics } = loadResources(files, dialect);
  const built = buildInventory(set, dialect);
  const other = otherDialect(dialect);
  const otherLoaded = loadResources(files, other);
  const refused = refusedOnlyBy(other, otherLoaded.diagnostics, diagnostics);
  const found = check(built.inventory, buildInventory(otherLoaded.set, other).inventory);
  return {
    diagnostics: sortDiagnostics([...diagnostics, ...built.diagnostics, ...refused, ...found]),
    inventory: built.inventory,
    skippedKinds: set.skippedKinds,
  };
}

/** Objects that only the other dialect refuses: a difference like any other. */
function refusedOnlyBy(other: Dialect, theirs: readonly Diagnostic[], ours: readonly Diagnostic[]): Diagnostic[] {
  const key = ({ code, span }: Diagnostic) => `${code}:${span.file}:${span.start.offset}`;
  const known = new Set(ours.map(key));
  return theirs
    .filter((diagnostic) => diagnostic.kind === 'invalid' && diagnostic.severity === 'error' && !known.has(key(diagnostic)))
    .map((diagnostic) => ({
      code: 'dialects-differ',
      kind: 'finding',
      severity: 'warning',
      message: `${other.name} refuses this: ${diagnostic.message}`,
      span: diagnostic.span,
      ...(diagnostic.hint === undefined ? {} : { hint: diagnostic.hint }),
    }));
}
