import type { Span, Text } from '../../diagnostic/span.js';
import type { Term } from './authorization-policy.js';
import type { ResourceBase } from './metadata.js';

/** For which services RBAC of the older generation is on (legacy reference section 2.1). */
export type RbacMode = 'OFF' | 'ON' | 'ON_WITH_INCLUSION' | 'ON_WITH_EXCLUSION';

/** The services and namespaces that a mode includes or excludes; exact names only. */
export interface RbacTarget {
  readonly services: readonly Text[];
  readonly namespaces: readonly Text[];
  readonly span: Span;
}

/** What both kinds of mesh configuration hold (`rbac.istio.io/v1alpha1`, legacy reference section 1.2). */
interface RbacConfigBase extends ResourceBase {
  readonly mode: RbacMode;
  readonly inclusion?: RbacTarget;
  readonly exclusion?: RbacTarget;
  /** Enforcement mode PERMISSIVE: roles are only tried out. */
  readonly permissive: boolean;
}

export interface ClusterRbacConfig extends RbacConfigBase {
  readonly kind: 'ClusterRbacConfig';
}

export interface RbacConfig extends RbacConfigBase {
  readonly kind: 'RbacConfig';
}

/** The fields of an access rule that have a negated form. */
export type AccessField = 'hosts' | 'methods' | 'paths' | 'ports';

/** One entry of `constraints`: the key's attribute matches one of the values. */
export interface Constraint {
  readonly key: Text;
  readonly values: readonly Text[];
  readonly span: Span;
}

/** One rule of a role: every term and every constraint holds; one with nothing holds for everything (legacy reference section 2.3). */
export interface AccessRule {
  readonly index: number;
  /** Services of the role's namespace; empty means all of them. */
  readonly services: readonly Text[];
  readonly terms: readonly Term<AccessField>[];
  /** In the order of the text, repeated keys kept. */
  readonly constraints: readonly Constraint[];
  readonly span: Span;
}

export interface ServiceRole extends ResourceBase {
  readonly kind: 'ServiceRole';
  readonly rules: readonly AccessRule[];
}

/** The fields of a subject; `user` and `group` have one value and no negated form. */
export type SubjectField = 'user' | 'names' | 'group' | 'groups' | 'namespaces' | 'ips';

/** One entry of `properties`. */
export interface Property {
  readonly key: Text;
  readonly value: Text;
}

/** One subject of a binding: every term and every property holds; one with nothing is nobody (legacy reference section 2.5). */
export interface Subject {
  readonly index: number;
  readonly terms: readonly Term<SubjectField>[];
  readonly properties: readonly Property[];
  readonly span: Span;
}

export interface ServiceRoleBinding extends ResourceBase {
  readonly kind: 'ServiceRoleBinding';
  readonly subjects: readonly Subject[];
  /** Name of the role, in the binding's own namespace. */
  readonly role: Text;
  /** Mode PERMISSIVE: the binding is only tried out. */
  readonly permissive: boolean;
}
