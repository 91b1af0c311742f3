import type { OperationField, SourceField } from '../resource/model/index.js';

/** What a field of a rule or a `when` key asks about (reference section 3.3). */
export type Attribute =
  | { readonly kind: PlainAttribute }
  /** `request.headers[NAME]`; no name where the key is malformed past validation (reference section 0.7). */
  | { readonly kind: 'header'; readonly name?: string };

type PlainAttribute =
  | 'principal'
  | 'namespace'
  | 'service-account'
  | 'trust-domain'
  | 'source-ip'
  | 'remote-ip'
  | 'destination-ip'
  | 'destination-port'
  | 'sni'
  | 'host'
  | 'method'
  | 'path'
  /** Anything that a token would say. */
  | 'token'
  /** `experimental.envoy.filters.*[…]`: no filter writes any. */
  | 'metadata';

const fields: Readonly<Record<SourceField | OperationField, PlainAttribute>> = {
  principals: 'principal',
  requestPrincipals: 'token',
  namespaces: 'namespace',
  serviceAccounts: 'service-account',
  trustDomains: 'trust-domain',
  ipBlocks: 'source-ip',
  remoteIpBlocks: 'remote-ip',
  hosts: 'host',
  ports: 'destination-port',
  methods: 'method',
  paths: 'path',
};

const keys: Readonly<Record<string, PlainAttribute>> = {
  'source.ip': 'source-ip',
  'remote.ip': 'remote-ip',
  'source.namespace': 'namespace',
  'source.principal': 'principal',
  'source.serviceAccount': 'service-account',
  'source.trustDomain': 'trust-domain',
  'request.auth.principal': 'token',
  'request.auth.audiences': 'token',
  'request.auth.presenter': 'token',
  'destination.ip': 'destination-ip',
  'destination.port': 'destination-port',
  'connection.sni': 'sni',
};

/** The attribute behind a field of `from.source` or `to.operation`. */
export function attributeOfField(field: SourceField | OperationField): Attribute {
  return { kind: fields[field] };
}

/** The attribute behind a `when` key; undefined for a key that upstream does not know. */
export function attributeOfKey(key: string): Attribute | undefined {
  if (Object.hasOwn(keys, key)) return { kind: keys[key] ?? 'metadata' };
  if (key.startsWith('request.headers')) return headerAttribute(key.slice('request.headers'.length));
  if (key.startsWith('request.auth.claims')) return { kind: 'token' };
  if (key.startsWith('experimental.envoy.filters.')) return { kind: 'metadata' };
  return undefined;
}

/** Whether Envoy can evaluate it on HTTP only (reference section 4.1). */
export function isHttpOnly(attribute: Attribute): boolean {
  return ['header', 'host', 'method', 'path', 'token'].includes(attribute.kind);
}

function headerAttribute(bracketed: string): Attribute {
  const named = bracketed.startsWith('[') && bracketed.endsWith(']') && bracketed.length > 2;
  return named ? { kind: 'header', name: bracketed.slice(1, -1) } : { kind: 'header' };
}
