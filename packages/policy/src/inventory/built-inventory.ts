import { type Diagnostic, sortDiagnostics } from '../diagnostic/diagnostic.js';
import { allRoutes } from './all-routes.js';
import { danglingCertificates, danglingReferences, KnownObjects, type Referring } from './dangling-references.js';
import type { Inventory } from './inventory.js';
import type { ListChange } from './spliced.js';

/** An inventory with what is to be said about it. */
export interface BuiltInventory {
  readonly inventory: Inventory;
  /** Findings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** The same by where they come from: what the next inventory need not find out again. */
  readonly sources: DiagnosticSources;
}

interface DiagnosticSources {
  /** About workloads, services and gateways themselves. */
  readonly structure: readonly Diagnostic[];
  /** What policies and routes refer to in vain; those that do not are left out. */
  readonly references: ReadonlyMap<Referring, readonly Diagnostic[]>;
  readonly known: KnownObjects;
}

/** An inventory whose structure was judged already, with the references of all of its objects. */
export function diagnosed(inventory: Inventory, structure: readonly Diagnostic[]): BuiltInventory {
  const known = new KnownObjects(inventory);
  const { policies, requestAuthentications } = inventory;
  const references = dangling([...policies, ...requestAuthentications, ...allRoutes(inventory)], known);
  return withSources(inventory, { structure, references: new Map(references), known });
}

/** An inventory of the same structure, in which these objects came and went. */
export function diagnosedAgain(
  { sources: { structure, references, known } }: BuiltInventory,
  inventory: Inventory,
  { removed, added }: ListChange<Referring>,
): BuiltInventory {
  const next = new Map(references);
  for (const referring of removed) next.delete(referring);
  for (const [referring, diagnostics] of dangling(added, known)) next.set(referring, diagnostics);
  return withSources(inventory, { structure, references: next, known });
}

function dangling(objects: readonly Referring[], known: KnownObjects): [Referring, readonly Diagnostic[]][] {
  return objects
    .map((referring): [Referring, readonly Diagnostic[]] => [referring, danglingReferences(referring, known)])
    .filter(([, diagnostics]) => diagnostics.length > 0);
}

function withSources(inventory: Inventory, sources: DiagnosticSources): BuiltInventory {
  const references = [...sources.references.values()].flat();
  const diagnostics = sortDiagnostics([...sources.structure, ...references, ...danglingCertificates(inventory)]);
  return { inventory, diagnostics, sources };
}
