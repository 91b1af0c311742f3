import type { AccessRule, ClusterRbacConfig, RbacConfig, ServiceRole, ServiceRoleBinding } from '../../resource/model/index.js';

/** One workload behind one service: what a role is for (legacy reference section 2.2). */
export interface RoleDestination {
  /** Host name of the service in the registry: `web.shop.svc.cluster.local`. */
  readonly host: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Identity of the workload, or the name of its service account. */
  readonly account: string;
}

/** A role with what of it concerns one destination. */
export interface BoundRole {
  readonly role: ServiceRole;
  /** The rules whose services and whose constraints on the destination hold. */
  readonly rules: readonly AccessRule[];
  readonly bindings: readonly ServiceRoleBinding[];
}

/** Where a destination listens itself, behind the address that a gate was asked for. */
export interface LocalAddress {
  readonly ip: string;
  readonly port: number;
}

/** RBAC of the older generation for one destination, at one gate. */
export interface RoleScope {
  readonly destination: RoleDestination;
  /** What turned it on. */
  readonly config: ClusterRbacConfig | RbacConfig;
  /** Roles are only tried out, whatever their bindings say. */
  readonly permissive: boolean;
  /** By name. Roles without a binding are left out: they grant nothing. */
  readonly roles: readonly BoundRole[];
  /** By the port that the gate is asked for; a connection to any other is no concern of this scope. Absent: every port, as it is. */
  readonly ports?: ReadonlyMap<number, LocalAddress>;
  /** Identities of the gates that judged a connection before it came here. */
  readonly judgedBefore?: ReadonlySet<string>;
}
