import type { Inventory } from '../inventory/inventory.js';
import { matchesLabels } from '../inventory/labels.js';
import type { ServiceEntryVisibility } from '../resource/model/index.js';

/**
 * Who sees the ServiceEntries of a namespace, by MeshConfig's `serviceEntryVisibility` (reference section 5.3, item 6): of the first
 * policy whose rules all select the namespace, else the default; public where nothing is configured.
 */
export function meshVisibility({ mesh, namespaceLabels }: Inventory, namespace: string): ServiceEntryVisibility {
  const config = mesh.serviceEntryVisibility;
  if (config === undefined) return 'PUBLIC';
  const labels = namespaceLabels(namespace);
  const policy = config.policies.find(({ matchingRules }) =>
    matchingRules.every(
      ({ namespaceSelector }) => namespaceSelector !== undefined && matchesLabels(namespaceSelector.matchLabels, labels),
    ),
  );
  return policy?.visibility ?? config.defaultVisibility;
}
