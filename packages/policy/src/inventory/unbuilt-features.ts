import type { Reporter } from '../diagnostic/reporter.js';
import type { ResourceSet } from '../resource/model/index.js';
import { ownValue } from './labels.js';
import { selectResources } from './select-resources.js';

const canaryLabel = 'istio.io/use-waypoint-canary';

/** Reports labels that change where traffic goes and that are not acted upon. */
export function reportUnbuiltFeatures(set: ResourceSet, reporter: Reporter): void {
  for (const { kind, metadata } of selectResources(set, 'Namespace', 'Service', 'ServiceEntry')) {
    const canary = ownValue(metadata.labels, canaryLabel);
    if (canary === undefined) continue;
    const span = ownValue(metadata.labelSpans, canaryLabel) ?? metadata.nameSpan;
    reporter.report(
      'waypoint-canary',
      span,
      `${kind} \`${metadata.name}\` names canary waypoint \`${canary}\`, which gets no traffic here`,
      {
        hint: 'attach the same policies to both waypoints, so that it does not matter which one a request meets',
      },
    );
  }
}
