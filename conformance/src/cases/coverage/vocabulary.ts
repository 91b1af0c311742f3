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

/** Everything that AuthorizationPolicies, and the gates that enforce them, can say. */
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
];
