import type { Controller } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';
import { decodePodSpec } from './pod-spec.js';
import { decodeAnnotatedTopology } from './proxy-config.js';
import { decodeLabelSelector } from './selector.js';

/** Kubernetes counts replicas in 32 bits. */
const maximumReplicas = 2 ** 31 - 1;

/** Decodes a Deployment, StatefulSet or DaemonSet. */
export function decodeController(kind: Controller['kind']): (object: Fields, base: ResourceBase) => Controller {
  return (object, base) => {
    object.require('spec', `describe the pods: \`spec: {selector: …, template: …}\``);
    const spec = object.fields('spec');
    spec?.require('selector', 'select the pods of the template by `matchLabels`');
    spec?.require('template', 'describe the pods: `template: {metadata: …, spec: …}`');
    const replicas = kind === 'DaemonSet' ? 1 : (spec?.integer('replicas', 0, maximumReplicas) ?? 1);
    const selector = (spec && decodeLabelSelector(spec)) ?? { matchLabels: emptyRecord<string>(), span: base.span };
    const template = decodeTemplate(spec?.fields('template'));
    return { ...base, kind, replicas, selector, template };
  };
}

function decodeTemplate(template: Fields | undefined): Controller['template'] {
  const metadata = template?.fields('metadata');
  const topology = decodeAnnotatedTopology(metadata?.fields('annotations'));
  return {
    labels: metadata?.stringMap('labels')?.values ?? emptyRecord(),
    annotations: metadata?.stringMap('annotations')?.values ?? emptyRecord(),
    spec: decodePodSpec(template?.fields('spec')),
    ...(topology === undefined ? {} : { topology }),
  };
}
