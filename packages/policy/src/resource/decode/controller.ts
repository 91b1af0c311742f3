import type { Controller } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';
import { decodePodSpec } from './pod-spec.js';
import { decodeLabelSelector } from './selector.js';

/** More pods than this from one object is a slip of the keyboard: each would get a gate and an identity. */
const maximumReplicas = 10_000;

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
    if (spec !== undefined) checkSelector(spec, selector.matchLabels, template.labels);
    return { ...base, kind, replicas, selector, template };
  };
}

function decodeTemplate(template: Fields | undefined): Controller['template'] {
  const metadata = template?.fields('metadata');
  return {
    labels: metadata?.stringMap('labels')?.values ?? emptyRecord(),
    annotations: metadata?.stringMap('annotations')?.values ?? emptyRecord(),
    spec: decodePodSpec(template?.fields('spec')),
  };
}

/** As the API server does: a controller that does not select its own pods is refused. */
function checkSelector(spec: Fields, selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): void {
  const missing = Object.entries(selector).find(([key, value]) => labels[key] !== value);
  if (missing === undefined || !spec.has('template')) return;
  spec.report(
    'selector-misses-template',
    spec.spanOf('selector'),
    `the selector asks for \`${missing[0]}: ${missing[1]}\`, which the template's labels do not say`,
    {
      hint: 'give the template the labels that the selector asks for',
    },
  );
}
