import type { RoleScope } from '../../bind/roles/role-scope.js';
import { needsHttp } from '../../legacy/permission.js';
import { evaluatesOnTcp } from '../../legacy/principal.js';
import type { FindingContext } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Rules and subjects that look at HTTP, and are in force where no gate sees any: at the ztunnel of a workload without a waypoint, or at a waypoint for a
 * TCP port. They grant nothing there (legacy reference section 2.9).
 */
export function roleAtTcp(context: FindingContext): void {
  for (const binding of context.gates.ztunnels()) {
    for (const scope of binding.roles) if ((scope.judgedBefore?.size ?? 0) === 0) reportScope(context, scope, 'has no waypoint');
  }
  for (const { service, binding } of context.gates.fronts) {
    if (service.ports.length === 0 || service.ports.some(({ protocol }) => protocol === 'http')) continue;
    for (const scope of binding.roles) reportScope(context, scope, 'speaks TCP');
  }
}

function reportScope(context: FindingContext, { destination, roles }: RoleScope, why: string): void {
  const dialect = context.inventory.dialect.name;
  const hint = 'put a waypoint in front of the service, and let its ports speak HTTP';
  for (const { role, rules, bindings } of roles) {
    for (const rule of rules.filter((each) => needsHttp(each, { dialect }))) {
      const message = `rule ${rule.index} of role \`${qualifiedName(role.metadata)}\` looks at HTTP, and \`${destination.host}\` ${why}: it grants nothing there`;
      context.report('role-at-tcp', rule.span, message, { hint });
    }
    for (const { metadata, subjects } of bindings) {
      for (const subject of subjects.filter((each) => !evaluatesOnTcp(each, { dialect }))) {
        const message = `subject ${subject.index} of binding \`${qualifiedName(metadata)}\` cannot be evaluated for TCP, and \`${destination.host}\` ${why}: it is nobody there`;
        context.report('role-at-tcp', subject.span, message, { hint });
      }
    }
  }
}
