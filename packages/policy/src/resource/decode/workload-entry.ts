import type { WorkloadEntry } from '../model/istio.js';
import type { ResourceBase } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';

/** Decodes a WorkloadEntry: a workload that is no pod. */
export function decodeWorkloadEntry(object: Fields, base: ResourceBase): WorkloadEntry {
  const spec = object.fields('spec');
  const address = spec?.string('address');
  const network = spec?.string('network');
  // Upstream merges the two, and the metadata wins: a recorded mesh shows it.
  const labels = { ...spec?.stringMap('labels')?.values, ...base.metadata.labels };
  const decoded: WorkloadEntry = {
    ...base,
    kind: 'WorkloadEntry',
    ...(address ? { address } : {}),
    ...(network ? { network } : {}),
    labels,
    serviceAccount: spec?.string('serviceAccount') || 'default',
    ports: spec?.integerMap('ports', 1, 65_535) ?? emptyRecord(),
  };
  spec?.ignore('locality', 'weight');
  spec?.refuseUnknown();
  return decoded;
}
