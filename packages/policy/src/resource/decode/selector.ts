import type { LabelSelector, TargetRef } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';

/** Istio's WorkloadSelector: `matchLabels` and nothing else. */
export function decodeWorkloadSelector(parent: Fields, name = 'selector'): LabelSelector | undefined {
  const selector = parent.fields(name);
  if (selector === undefined) return undefined;
  const labels = selector.stringMap('matchLabels');
  selector.refuseUnknown();
  return { matchLabels: labels?.values ?? emptyRecord(), span: parent.spanOf(name) };
}

/** Kubernetes' LabelSelector. `matchExpressions` would select differently and is refused, never ignored. */
export function decodeLabelSelector(parent: Fields, name = 'selector'): LabelSelector | undefined {
  const selector = parent.fields(name);
  if (selector === undefined) return undefined;
  if (selector.items('matchExpressions').length > 0) {
    selector.report('unsupported-selector', selector.spanOf('matchExpressions'), '`matchExpressions` is not supported', {
      hint: 'select by `matchLabels`',
    });
  }
  return { matchLabels: selector.stringMap('matchLabels')?.values ?? emptyRecord(), span: parent.spanOf(name) };
}

/** `targetRef` and `targetRefs` together, in order. */
export function decodeTargetRefs(spec: Fields): TargetRef[] {
  const single = spec.fields('targetRef');
  return [...(single === undefined ? [] : [single]), ...spec.fieldsList('targetRefs')].map(decodeTargetRef);
}

function decodeTargetRef(ref: Fields): TargetRef {
  const decoded = {
    group: ref.string('group') ?? '',
    kind: ref.string('kind') ?? '',
    name: ref.string('name') ?? '',
    span: ref.span,
  };
  ref.ignore('namespace');
  ref.refuseUnknown();
  return { ...decoded, group: decoded.group === 'core' ? '' : decoded.group };
}
