import { type Diagnostic, hasErrors, hasInvalid, sortDiagnostics } from '../diagnostic/diagnostic.js';
import type { SourceFile } from '../diagnostic/span.js';
import { buildInventory } from '../inventory/build-inventory.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Dialect } from '../resource/dialect.js';
import { loadResources } from '../resource/load/load-resources.js';
import type { ResourceSet } from '../resource/model/index.js';
import { type GateProof, prove } from './prove/prove.js';
import { translate } from './translate.js';
import { writePolicies } from './write-policies.js';

/** What became of a migration. */
export interface Migration {
  /** The AuthorizationPolicies as YAML; to be written only where `ok`. */
  readonly text: string;
  readonly policies: readonly { readonly namespace: string; readonly name: string }[];
  /** What is invalid, what has no equal, what should be known; sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** One for each gate that was compared; empty where it did not come to that. */
  readonly proofs: readonly GateProof[];
  /** Everything was translated, and every gate answers as before. */
  readonly ok: boolean;
}

const older: ReadonlySet<string> = new Set(['ServiceRole', 'ServiceRoleBinding', 'ClusterRbacConfig', 'RbacConfig']);

/**
 * Migrates the older generation to AuthorizationPolicies, reads back what it wrote and compares all gates, with the old objects and with the
 * new ones in their place. `most` is from how many combinations per gate on it takes samples.
 */
export function migrate(files: readonly SourceFile[], dialect: Dialect, most?: number): Migration {
  const { set, diagnostics: found } = loadResources(files, dialect);
  const built = buildInventory(set, dialect);
  const invalid = [...found, ...built.diagnostics].filter(({ severity }) => severity === 'error');
  if (invalid.length > 0) return failed(invalid);
  const { policies, diagnostics } = translate(files, set, built.inventory);
  if (hasErrors(diagnostics)) return failed(diagnostics);
  const text = writePolicies(policies);
  const proofs = prove(built.inventory, inventoryWith(set, text, dialect), most);
  return {
    text,
    policies: policies.map(({ namespace, name }) => ({ namespace, name })),
    diagnostics: sortDiagnostics(diagnostics),
    proofs,
    ok: proofs.every(({ difference }) => difference === undefined),
  };
}

function failed(diagnostics: readonly Diagnostic[]): Migration {
  return { text: '', policies: [], diagnostics: sortDiagnostics(diagnostics), proofs: [], ok: false };
}

/** The same manifests with the text in the place of the older generation. */
export function inventoryWith(set: ResourceSet, text: string, dialect: Dialect): Inventory {
  const written = loadResources([{ path: 'migrated.yaml', text }], dialect);
  const [problem] = written.diagnostics;
  if (hasInvalid(written.diagnostics)) throw new Error(`the migration wrote an invalid policy: ${problem?.message}\n${text}`);
  const kept = set.resources.filter(({ kind }) => !older.has(kind));
  return buildInventory({ ...set, resources: [...kept, ...written.set.resources] }, dialect).inventory;
}
