import type { Metadata } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';

/** Fields of every object's metadata that mean nothing here. */
const unusedFields = [
  'generateName',
  'selfLink',
  'uid',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'finalizers',
  'managedFields',
  'clusterName',
  'ownerReferences',
] as const;

/** Reads `metadata`, which every kind shares. A misspelt field here (`lables`) would silently unbind policies: it is an error. */
export function decodeMetadata(object: Fields, scope: 'namespaced' | 'cluster'): Metadata {
  object.require('metadata', 'give the object a name: `metadata: {name: …}`');
  const metadata = object.fields('metadata');
  const name = metadata?.text('name');
  const namespace = metadata?.string('namespace');
  const labels = metadata?.stringMap('labels');
  const annotations = metadata?.stringMap('annotations');
  const creationTimestamp = metadata?.string('creationTimestamp');
  const generation = metadata?.integer('generation', 0, Number.MAX_SAFE_INTEGER);
  metadata?.ignore(...unusedFields);
  metadata?.refuseUnknown();
  return {
    name: name?.value ?? '',
    namespace: scope === 'cluster' ? '' : namespace || 'default',
    labels: labels?.values ?? emptyRecord(),
    annotations: annotations?.values ?? emptyRecord(),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(generation === undefined ? {} : { generation }),
    nameSpan: name?.span ?? metadata?.span ?? object.span,
    labelSpans: labels?.spans ?? emptyRecord(),
    annotationSpans: annotations?.spans ?? emptyRecord(),
  };
}
