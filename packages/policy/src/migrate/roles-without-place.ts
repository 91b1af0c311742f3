import { accountOf, concernsDestination } from '../bind/roles/concerns-destination.js';
import type { RoleDestination } from '../bind/roles/role-scope.js';
import type { Diagnostic } from '../diagnostic/diagnostic.js';
import type { Inventory } from '../inventory/inventory.js';
import type { ResourceSet, ServiceRole } from '../resource/model/index.js';

/** What is about nothing here: rules for services that the manifests lack (errors), and what grants nothing anyway (warnings). */
export function rolesWithoutPlace({ resources }: ResourceSet, inventory: Inventory): readonly Diagnostic[] {
  const { serviceRoles, serviceRoleBindings, rbacConfigs } = inventory;
  const destinations = destinationsOf(inventory);
  const isBound = ({ metadata }: ServiceRole) =>
    serviceRoleBindings.some(
      ({ metadata: { namespace }, role }) => namespace === metadata.namespace && role.value === metadata.name,
    );
  const exists = (namespace: string, name: string) =>
    serviceRoles.some(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const enabled = rbacConfigs.some(({ metadata, mode }) => metadata.name === 'default' && mode !== 'OFF');
  return [
    ...(enabled ? [] : off(resources)),
    ...serviceRoles.flatMap((role) => (isBound(role) ? unplaced(role, destinations, enabled) : [unbound(role)])),
    ...serviceRoleBindings
      .filter(({ metadata, role }) => !exists(metadata.namespace, role.value))
      .map(({ role }) =>
        withoutEffect(role.span, `no ServiceRole is named \`${role.value}\` here`, 'nothing is written for the binding'),
      ),
  ];
}

function off(resources: ResourceSet['resources']): Diagnostic[] {
  const [first] = resources.filter(
    ({ kind }) => kind === 'ServiceRole' || kind === 'ServiceRoleBinding' || kind.endsWith('RbacConfig'),
  );
  if (first === undefined) return [];
  return [
    withoutEffect(first.span, 'RBAC is not on, so that no role has an effect', 'include the ClusterRbacConfig that turns it on'),
  ];
}

/** A rule that is about a service which is not there may be about one elsewhere: leaving it out could take something away. */
function unplaced(role: ServiceRole, destinations: readonly RoleDestination[], enabled: boolean): Diagnostic[] {
  if (!enabled) return [];
  const here = destinations.filter(({ namespace }) => namespace === role.metadata.namespace);
  return role.rules
    .filter((rule) => !here.some((destination) => concernsDestination(rule, destination)))
    .map(({ span, index }) => ({
      code: 'migrate-unplaced',
      kind: 'finding',
      severity: 'error',
      message: `rule ${index} of \`${role.metadata.name}\` concerns no service and no workload of these manifests`,
      span,
      hint: 'add the Services and workloads that it is about, or remove the rule',
    }));
}

function unbound({ metadata }: ServiceRole): Diagnostic {
  return withoutEffect(
    metadata.nameSpan,
    `nobody is bound to \`${metadata.name}\``,
    'nothing is written for it: it grants nothing',
  );
}

function withoutEffect(span: Diagnostic['span'], message: string, hint: string): Diagnostic {
  return { code: 'migrate-without-effect', kind: 'finding', severity: 'warning', message, span, hint };
}

function destinationsOf(inventory: Inventory): readonly RoleDestination[] {
  return [...inventory.services.values()].flatMap(({ hostname: host, namespace, workloads: behind }): RoleDestination[] =>
    behind.length === 0
      ? [{ host, namespace, labels: {}, account: '' }]
      : behind.map((workload) => ({ host, namespace, labels: workload.labels, account: accountOf(inventory, workload) })),
  );
}
