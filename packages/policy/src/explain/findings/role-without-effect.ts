import { concernsService } from '../../bind/roles/concerns-destination.js';
import type { ServiceRole } from '../../resource/model/index.js';
import type { FindingContext } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Roles that nobody is bound to, bindings of roles that do not exist, and rules about services that do not exist: they grant nothing. */
export function roleWithoutEffect(context: FindingContext): void {
  const { serviceRoles, serviceRoleBindings } = context.inventory;
  const roles = new Set(serviceRoles.map(({ metadata }) => qualifiedName(metadata)));
  const bound = new Set(serviceRoleBindings.map(({ metadata, role }) => qualifiedName({ ...metadata, name: role.value })));
  for (const { metadata, role } of serviceRoleBindings) {
    if (roles.has(qualifiedName({ ...metadata, name: role.value }))) continue;
    const message = `binding \`${qualifiedName(metadata)}\` grants nothing: its namespace has no role \`${role.value}\``;
    context.report('role-without-effect', role.span, message, { hint: 'name a ServiceRole of the same namespace' });
  }
  for (const role of serviceRoles) {
    if (!bound.has(qualifiedName(role.metadata)))
      context.report(
        'role-without-effect',
        role.metadata.nameSpan,
        `role \`${qualifiedName(role.metadata)}\` grants nothing: no binding names it`,
        {
          hint: 'bind it by a ServiceRoleBinding of the same namespace',
        },
      );
    reportServices(context, role);
  }
}

function reportServices(context: FindingContext, { metadata, rules }: ServiceRole): void {
  const hosts = [...context.inventory.services.values()]
    .filter(({ namespace }) => namespace === metadata.namespace)
    .map(({ hostname }) => hostname);
  for (const { value, span } of rules.flatMap(({ services }) => services)) {
    if (hosts.some((host) => concernsService(value, host))) continue;
    context.report('role-without-effect', span, `\`${value}\` is no service of namespace \`${metadata.namespace}\``, {
      hint: 'write the whole host name, such as `web.shop.svc.cluster.local`',
    });
  }
}
