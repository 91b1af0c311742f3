import type { Fields } from '../../decode/fields.js';
import { nearestName } from '../../decode/nearest.js';

const maximumTargets = 16;
const maximumNameLength = 253;

/** Group and kind of what a policy may target; `core` is the empty group. */
const targets: ReadonlyMap<string, readonly string[]> = new Map([
  ['Service', ['', 'core']],
  ['ServiceEntry', ['networking.istio.io']],
  ['Gateway', ['gateway.networking.k8s.io']],
  ['GatewayClass', ['gateway.networking.k8s.io']],
]);

/** Checks what a policy targets (reference sections 1.2 and 1.3, E4 to E6). */
export function checkTargetRefs(spec: Fields): void {
  spec.limit('targetRefs', maximumTargets);
  const single = spec.fields('targetRef');
  for (const ref of [...(single === undefined ? [] : [single]), ...spec.fieldsList('targetRefs')]) checkTargetRef(ref);
}

function checkTargetRef(ref: Fields): void {
  ref.require('kind', 'write `Service`, `ServiceEntry`, `Gateway` or `GatewayClass`');
  ref.require('name', 'name the object that the policy attaches to');
  const name = ref.text('name');
  const namespace = ref.text('namespace');
  if (name?.value === '' || [...(name?.value ?? '')].length > maximumNameLength) {
    ref.report(
      'target-ref',
      ref.valueSpan('name'),
      name?.value === ''
        ? 'the name of a target is empty'
        : `the name of a target is longer than ${maximumNameLength} characters`,
      {
        hint: 'write the name of an object in the namespace of the policy',
      },
    );
  }
  if (namespace !== undefined && namespace.value !== '') {
    ref.report('target-ref', namespace.span, `a target in another namespace (\`${namespace.value}\`) is not supported`, {
      hint: 'put the policy into the namespace of its target',
    });
  }
  checkKind(ref);
}

function checkKind(ref: Fields): void {
  const kind = ref.text('kind');
  const group = ref.string('group') ?? '';
  if (kind === undefined) return;
  const groups = targets.get(kind.value);
  if (groups?.includes(group)) return;
  const near = nearestName(kind.value, targets.keys());
  const [known] = groups ?? [];
  const hint =
    known !== undefined
      ? `write \`group: ${known === '' ? '""' : known}\``
      : `write ${near === undefined ? 'one of Service, ServiceEntry, Gateway, GatewayClass' : `\`kind: ${near}\``}`;
  ref.report(
    'target-kind',
    known === undefined ? kind.span : ref.valueSpan('group'),
    `a policy cannot target \`${group === '' ? kind.value : `${kind.value}.${group}`}\``,
    { hint },
  );
}
