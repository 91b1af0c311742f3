import type { Fields } from '../decode/fields.js';
import type { Controller } from '../model/kubernetes.js';
import { checkLabels } from './metadata.js';
import { checkServiceAccountName } from './values/service-account-name.js';

/** Checks whom the pods of a controller run as, and the labels that they carry. */
export function validateController(controller: Controller, object: Fields): void {
  const spec = object.fields('spec');
  const template = spec?.fields('template');
  checkServiceAccountName(controller.template.spec.serviceAccountName, 'serviceAccountName', template?.fields('spec'));
  const metadata = template?.fields('metadata');
  const labels = metadata?.stringMap('labels');
  if (metadata !== undefined && labels !== undefined) checkLabels(labels, metadata);
  if (spec !== undefined) checkSelector(controller, spec);
}

/** As the API server does: a controller that does not select its own pods is refused. */
function checkSelector({ selector, template }: Controller, spec: Fields): void {
  const missing = Object.entries(selector.matchLabels).find(([key, value]) => template.labels[key] !== value);
  if (missing === undefined || !spec.has('template')) return;
  const [key, value] = missing;
  spec.report(
    'selector-misses-template',
    spec.spanOf('selector'),
    `the selector asks for \`${key}: ${value}\`, which the template's labels do not say`,
    {
      hint: 'give the template the labels that the selector asks for',
    },
  );
}
