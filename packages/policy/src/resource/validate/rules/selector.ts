import type { Fields } from '../../decode/fields.js';

const maximumLabels = 4096;
const maximumValueLength = 63;

/** Checks a workload selector (reference sections 1.2 and 1.3, E2, E3, W1). */
export function checkSelector(spec: Fields): void {
  const selector = spec.fields('selector');
  if (selector === undefined) return;
  const labels = selector.stringMap('matchLabels');
  const entries = Object.entries(labels?.values ?? {});
  if (writesNoLabels(selector)) warnWithoutLabels(spec);
  if (entries.length > maximumLabels) {
    selector.report(
      'too-many-items',
      selector.nameSpan('matchLabels'),
      `the selector has ${entries.length} labels, more than ${maximumLabels}`,
      { hint: 'select by fewer labels' },
    );
  }
  for (const [key, value] of entries) {
    const keySpan = labels?.keySpans[key] ?? selector.span;
    const valueSpan = labels?.spans[key] ?? selector.span;
    if (key === '') selector.report('selector-label', keySpan, 'the selector has an empty label key', { hint: 'name the label' });
    if (key.includes('*'))
      selector.report('selector-label', keySpan, `label key \`${key}\` has a wildcard`, {
        hint: 'write the whole key: selectors compare exactly',
      });
    if (value.includes('*'))
      selector.report('selector-label', valueSpan, `label value \`${value}\` has a wildcard`, {
        hint: 'write the whole value: selectors compare exactly',
      });
    if ([...value].length > maximumValueLength) {
      selector.report('selector-label', valueSpan, `a label value is longer than ${maximumValueLength} characters`, {
        hint: 'no object carries such a label',
      });
    }
  }
}

/** Labels that could not be read are not the same as none. */
function writesNoLabels(selector: Fields): boolean {
  const labels = selector.node.entries.get('matchLabels')?.value;
  return labels === undefined || (labels.kind === 'map' && labels.entries.size === 0);
}

function warnWithoutLabels(spec: Fields): void {
  spec.report('selector-without-labels', spec.spanOf('selector'), 'the selector has no labels', {
    hint: 'remove `selector` to mean the whole namespace: upstream, a ztunnel does not enforce a policy with an empty one',
  });
}
