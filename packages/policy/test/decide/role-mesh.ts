/** An object of the older generation in the namespace of the mesh. */
function rbac(kind: string, name: string, spec: object): object {
  const namespace = kind === 'ClusterRbacConfig' ? {} : { namespace: 'shop' };
  return { apiVersion: 'rbac.istio.io/v1alpha1', kind, metadata: { name, ...namespace }, spec };
}

/** What turns roles on for everything. */
export const rbacOn = rbac('ClusterRbacConfig', 'default', { mode: 'ON' });

/** A role with these rules, and a binding of these subjects to it. */
export function boundRole(
  name: string,
  rules: readonly object[],
  subjects: readonly object[],
  mode = 'ENFORCED',
): readonly object[] {
  return [
    rbac('ServiceRole', name, { rules }),
    rbac('ServiceRoleBinding', `to-${name}`, { mode, subjects, roleRef: { kind: 'ServiceRole', name } }),
  ];
}
