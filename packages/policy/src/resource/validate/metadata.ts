import type { Fields, StringMap } from '../decode/fields.js';
import type { Metadata } from '../model/metadata.js';
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from './names.js';

/** What there is to know about a kind to check the metadata of its objects. */
export interface CheckedKind {
  readonly group: string;
  readonly name: string;
  readonly scope: 'namespaced' | 'cluster';
}

/**
 * Checks what identities and bindings are made of: name, namespace and labels, as Kubernetes does for every kind. In `upstream`
 * the names and labels of policies are left alone, as the recorded validation leaves them; no identity is made of them.
 */
export function checkMetadata(decoded: Metadata, object: Fields, kind: CheckedKind): void {
  const metadata = object.fields('metadata');
  if (metadata === undefined) return;
  const isPolicy = kind.group === 'security.istio.io' || kind.group === 'rbac.istio.io';
  const lenient = isPolicy && object.context.dialect.name === 'upstream';
  checkName(decoded, metadata, kind.name, lenient);
  if (kind.scope === 'namespaced') checkNamespace(decoded.namespace, metadata);
  const labels = lenient ? undefined : metadata.stringMap('labels');
  if (labels !== undefined) checkLabels(labels, metadata);
}

function checkName(decoded: Metadata, metadata: Fields, kind: string, lenient: boolean): void {
  if (decoded.name === '') {
    // A name of another type was reported when it was read.
    if (metadata.has('name') && metadata.text('name') === undefined) return;
    const generated = metadata.has('generateName') ? ': `generateName` needs an API server' : '';
    metadata.report('missing-field', metadata.valueSpan('name'), `\`metadata.name\` is missing${generated}`, {
      hint: 'give the object a name',
    });
    return;
  }
  const short = kind === 'Namespace' || kind === 'Service';
  if (lenient || (short ? isDnsLabel(decoded.name) : isDnsSubdomain(decoded.name))) return;
  metadata.report('invalid-name', decoded.nameSpan, `\`${decoded.name}\` is not a name that Kubernetes accepts for a ${kind}`, {
    hint: `write lower-case letters, digits and \`-\`${short ? '' : ' or `.`'}, at most ${short ? 63 : 253}, beginning and ending with a letter or digit`,
  });
}

function checkNamespace(namespace: string, metadata: Fields): void {
  if (isDnsLabel(namespace)) return;
  metadata.report('invalid-name', metadata.valueSpan('namespace'), `\`${namespace}\` is not the name of a namespace`, {
    hint: 'write lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit',
  });
}

/** Checks labels by the rules of Kubernetes. */
export function checkLabels(labels: StringMap, fields: Fields): void {
  const hint = 'write letters, digits, `-`, `_` and `.`, at most 63, beginning and ending with a letter or digit';
  for (const [key, value] of Object.entries(labels.values)) {
    if (!isLabelKey(key))
      fields.report('invalid-label', labels.keySpans[key] ?? fields.span, `\`${key}\` is not a label key`, {
        hint: `${hint}, with an optional DNS name and \`/\` before it`,
      });
    else if (!isLabelValue(value))
      fields.report('invalid-label', labels.spans[key] ?? fields.span, `\`${value}\` is not a label value`, { hint });
  }
}
