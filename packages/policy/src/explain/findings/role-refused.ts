import type { RoleScope } from '../../bind/roles/role-scope.js';
import { type RoleRefusal, readScope } from '../../legacy/read-roles.js';
import type { RoleLayer } from '../../legacy/test.js';
import type { FindingContext } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Roles for which upstream cannot configure a gate, which then denies everything (legacy reference, corrections). */
export function roleRefused(context: FindingContext): void {
  for (const { role, detail, span } of refusals(context)) {
    const message = `role \`${qualifiedName(role.metadata)}\` closes every gate where it is in force: ${detail}`;
    context.report('role-refused', span, message, { hint: 'remove what no gate can be configured with' });
  }
}

function* refusals({ inventory, gates }: FindingContext): Generator<RoleRefusal> {
  const of = (scopes: readonly RoleScope[], layer: RoleLayer) =>
    scopes.flatMap((scope) => readScope(inventory, scope, layer).refusal ?? []);
  for (const binding of gates.ztunnels()) yield* of(binding.roles, 'tcp');
  for (const { service, binding } of gates.fronts) {
    const protocols = new Set(service.ports.map(({ protocol }) => protocol));
    for (const layer of protocols) yield* of(binding.roles, layer);
  }
}
