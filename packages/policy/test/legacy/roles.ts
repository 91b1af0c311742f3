import {
  buildInventory,
  type ConnectionAttributes,
  type DeciderOptions,
  type Dialect,
  type Inventory,
  loadResources,
  type RequestAttributes,
  type RoleDestination,
  roleDecider,
  strict,
  type Verdict,
} from '../../src/index.js';

/** A ServiceRoleBinding, and a mode where it has one. */
export interface BindingSpec {
  readonly role?: string;
  readonly mode?: string;
  readonly subjects: readonly object[];
}

/** What is in force in namespace `shop`: RBAC is on unless the switch says otherwise. */
export interface RolesSpec {
  readonly roles?: Readonly<Record<string, readonly object[]>>;
  readonly bindings?: readonly BindingSpec[];
  readonly rbac?: object;
  readonly meshConfig?: object;
  readonly others?: readonly object[];
}

function rbac(kind: string, name: string, spec: object): object {
  return { apiVersion: 'rbac.istio.io/v1alpha1', kind, metadata: { name, namespace: 'shop' }, spec };
}

/** The inventory of roles; what the dialect refuses is left out of it, as a refused object grants nothing. */
function rolesInventory(spec: RolesSpec, dialect: Dialect = strict): Inventory {
  const objects = [
    rbac('ClusterRbacConfig', 'default', spec.rbac ?? { mode: 'ON' }),
    ...Object.entries(spec.roles ?? {}).map(([name, rules]) => rbac('ServiceRole', name, { rules })),
    ...(spec.bindings ?? []).map(({ role = 'r', ...more }, index) =>
      rbac('ServiceRoleBinding', `b${index}`, { ...more, roleRef: { kind: 'ServiceRole', name: role } }),
    ),
    ...(spec.others ?? []),
  ];
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const files = [{ path: 'roles.yaml', text }];
  const config = spec.meshConfig === undefined ? [] : [{ path: 'meshconfig.json', text: JSON.stringify(spec.meshConfig) }];
  return buildInventory(loadResources([...files, ...config], dialect).set, dialect).inventory;
}

const destination: RoleDestination = {
  host: 'api.shop.svc.cluster.local',
  namespace: 'shop',
  labels: { app: 'api', version: 'v1' },
  account: 'spiffe://cluster.local/ns/shop/sa/api',
};

/** A connection of `shop/web` to `api`. */
export function connection(more: Partial<ConnectionAttributes> = {}): ConnectionAttributes {
  return {
    identity: 'spiffe://cluster.local/ns/shop/sa/web',
    sourceIp: '10.0.0.9',
    destinationIp: '10.0.0.2',
    destinationPort: 8080,
    ...more,
  };
}

/** A GET of `/`. */
export function request(more: Partial<RequestAttributes> = {}): RequestAttributes {
  return { method: 'GET', path: '/', authority: 'api.shop', headers: [], httpVersion: 1, ...more };
}

/** The verdict on a request, or without one on the connection. */
export function judge(
  spec: RolesSpec,
  from: ConnectionAttributes,
  sent: RequestAttributes | undefined,
  dialect: Dialect = strict,
  options: DeciderOptions = {},
): Verdict {
  const decider = roleDecider(rolesInventory(spec, dialect), destination, options);
  return sent === undefined ? decider.connection(from) : decider.request(from, sent);
}
