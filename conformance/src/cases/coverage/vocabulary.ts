/** A group of the language's words, each of which some case has to allow by and some case to deny by. */
export interface Chapter {
  readonly title: string;
  readonly items: readonly string[];
}

/** The fields of `from.source`, without their negations. */
export const sourceFields: readonly string[] = [
  'principals',
  'requestPrincipals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
];

/** The fields of `to.operation`, without their negations. */
export const operationFields: readonly string[] = ['hosts', 'ports', 'methods', 'paths'];

/** The fields of a ServiceRole's rule, without their negations. */
export const accessFields: readonly string[] = ['services', 'hosts', 'methods', 'paths', 'ports'];

/** The fields of a ServiceRoleBinding's subject, without their negations. */
export const subjectFields: readonly string[] = ['user', 'names', 'group', 'groups', 'namespaces', 'ips'];

/** Those without a negation. */
const plainFields: ReadonlySet<string> = new Set(['services', 'user', 'group']);

const constraintKeys: readonly string[] = [
  'destination.ip',
  'destination.port',
  'destination.labels[]',
  'destination.name',
  'destination.namespace',
  'destination.user',
  'request.headers[]',
  ':path',
  ':method',
  ':authority',
  'connection.sni',
  'experimental.envoy.filters.*[]',
];

const propertyKeys: readonly string[] = [
  'source.ip',
  'source.namespace',
  'source.principal',
  'source.user',
  'request.headers[]',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'request.auth.claims[]',
];

/** The keys of `when`; bracketed ones by what they begin with. */
const conditionKeys: readonly string[] = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
  'request.headers[]',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'request.auth.claims[]',
  'destination.ip',
  'destination.port',
  'connection.sni',
  'experimental.envoy.filters.*[]',
];

/** The negation of a field. */
export function negated(field: string): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

/** A key as the table lists it: without what stands in its brackets. */
export function listedKey(key: string): string {
  const bracket = key.indexOf('[');
  const name = bracket < 0 ? key : `${key.slice(0, bracket)}[]`;
  return name.startsWith('experimental.envoy.filters.') ? 'experimental.envoy.filters.*[]' : name;
}

function withNegations(field: string): readonly string[] {
  return plainFields.has(field) ? [field] : [field, negated(field)];
}

/** Everything that policies of both generations, and the gates that enforce them, can say. */
export const chapters: readonly Chapter[] = [
  { title: 'fields of `from.source`', items: sourceFields.flatMap((field) => [field, negated(field)]) },
  { title: 'fields of `to.operation`', items: operationFields.flatMap((field) => [field, negated(field)]) },
  { title: 'keys of `when`', items: conditionKeys.flatMap((key) => [`${key} values`, `${key} notValues`]) },
  { title: 'actions', items: ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM', 'ALLOW (dry run)', 'DENY (dry run)'] },
  { title: 'layers', items: ['ztunnel', 'waypoint', 'waypoint-tcp', 'gateway', 'gateway-tcp'] },
  {
    title: 'attachments',
    items: ['namespace', 'root namespace', 'selector', 'Service', 'ServiceEntry', 'Gateway', 'GatewayClass'],
  },
  { title: 'fields of a role', items: accessFields.flatMap(withNegations).map((field) => `rule ${field}`) },
  { title: 'constraints of a role', items: constraintKeys.map((key) => `constraint ${key}`) },
  { title: 'fields of a subject', items: subjectFields.flatMap(withNegations).map((field) => `subject ${field}`) },
  { title: 'properties of a subject', items: propertyKeys.map((key) => `property ${key}`) },
  // With mode OFF nothing is ever denied.
  { title: 'modes of RBAC', items: ['ON', 'ON_WITH_INCLUSION', 'ON_WITH_EXCLUSION'].map((mode) => `mode ${mode}`) },
  { title: 'layers of roles', items: ['ztunnel', 'waypoint', 'waypoint-tcp'].map((layer) => `roles at ${layer}`) },
];
