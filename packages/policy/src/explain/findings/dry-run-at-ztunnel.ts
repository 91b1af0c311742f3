import { flagEnabled } from '../../resource/dialect.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { selectedWorkloads } from '../selected-workloads.js';
import { qualifiedName } from '../walk/gate-view.js';

const flag = 'AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY';

/** Dry-run policies at a ztunnel: a control plane of `upstream` sends them there only with a flag (reference section 2.6). */
export function dryRunAtZtunnel(context: FindingContext): void {
  if (flagEnabled(context.inventory.dialect, flag)) return;
  for (const policy of context.inventory.policies) {
    if (!policy.dryRun) continue;
    const owners = selectedWorkloads(context.inventory, policy)
      .filter((workload) => workload.capture === 'captured')
      .map((workload) => `${workload.namespace}/${workload.ownerName}`);
    if (owners.length === 0) continue;
    const span = policy.metadata.annotationSpans['istio.io/dry-run'] ?? policy.metadata.nameSpan;
    const message = `\`upstream\` does not try \`${qualifiedName(policy.metadata)}\` at the ztunnel of ${listNames([...new Set(owners)], 2)}: dry-run is off there`;
    context.report('dry-run-at-ztunnel', span, message, {
      hint: `set \`${flag}=true\` on the control plane, and say so here with \`--flag ${flag}=true\``,
    });
  }
}
