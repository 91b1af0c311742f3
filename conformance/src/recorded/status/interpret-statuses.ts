import {
  buildInventory,
  type Dialect,
  loadResources,
  type ObjectStatus,
  type SourceFile,
  sortDiagnostics,
  statuses,
} from '@sallyport/policy';
import type { Statuses } from '../engine.js';
import type { RecordedStatus } from './recorded-statuses.js';

/**
 * The statuses that `@sallyport/policy` computes. The recorded objects are those of a cluster, where a Gateway that no controller
 * reported on is not ready.
 */
export function interpretStatuses(files: readonly SourceFile[], dialect: Dialect): Statuses {
  const { set, diagnostics } = loadResources(files, dialect);
  const refused = sortDiagnostics(diagnostics).filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  const found = statuses(buildInventory(set, dialect).inventory, { unreportedGateways: 'not-ready' });
  return { statuses: found.map(recordedForm), refused: refused.map(({ code, message }) => `${code}: ${message}`) };
}

function recordedForm({ kind, namespace, name, conditions }: ObjectStatus): RecordedStatus {
  const written = conditions.map(({ observedGeneration, ...condition }) => ({
    ...condition,
    ...(observedGeneration === undefined ? {} : { observedGeneration: String(observedGeneration) }),
  }));
  return { kind, namespace, name, conditions: written };
}
