import type { Fields } from '../../decode/fields.js';
import { refuseEmpty } from './empty-lists.js';

const ways = ['selector', 'targetRef', 'targetRefs'] as const;

/**
 * At most one of selector, targetRef and targetRefs is written (reference sections 1.2 and 1.3, E1). Presence counts: an empty
 * list is one too. Alone it attaches to the whole namespace, which `strict` does not take for what was meant.
 */
export function checkAttachment(spec: Fields): void {
  const [first, ...others] = ways.filter((way) => spec.has(way));
  if (first === undefined) return;
  if (others.length === 0) refuseEmpty(spec, ['targetRefs']);
  for (const other of others) {
    spec.report('selector-and-target', spec.nameSpan(other), `\`${other}\` stands beside \`${first}\``, {
      hint: 'keep one of `selector` and `targetRefs`: a selector attaches to workloads, a target to the gate in front of a service',
      related: [{ message: 'the other one', span: spec.nameSpan(first) }],
    });
  }
}
