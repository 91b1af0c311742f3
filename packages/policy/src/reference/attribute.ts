import type { OperationField, SourceField } from '../resource/model/index.js';

/** What a field of a rule or a `when` key asks about (reference section 3.3). */
export type Attribute =
  | { readonly kind: PlainAttribute }
  /** `request.headers[NAME]`; no name where the key is malformed past validation (reference section 0.7). */
  | { readonly kind: 'header'; readonly name?: string }
  /** Texts of the claim at a path; no path where the key is malformed past validation. */
  | { readonly kind: 'claim'; readonly path?: readonly string[] }
  /** `experimental.FILTER[KEY]`; nothing is known of a malformed one, so that it matches nothing. */
  | { readonly kind: 'metadata'; readonly filter?: string; readonly key?: string };

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
  | 'request-principal';

const fields: Readonly<Record<SourceField | OperationField, PlainAttribute>> = {
  principals: 'principal',
  requestPrincipals: 'request-principal',
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
  'request.auth.principal': 'request-principal',
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
  if (Object.hasOwn(keys, key)) return { kind: keys[key] ?? 'principal' };
  if (key.startsWith('request.headers')) return headerAttribute(key.slice('request.headers'.length));
  if (key === 'request.auth.audiences') return { kind: 'claim', path: ['aud'] };
  if (key === 'request.auth.presenter') return { kind: 'claim', path: ['azp'] };
  if (key.startsWith('request.auth.claims')) return claimAttribute(key.slice('request.auth.claims'.length));
  if (key.startsWith('experimental.envoy.filters.')) return metadataAttribute(key);
  return undefined;
}

/** Whether Envoy can evaluate it on HTTP only (reference section 4.1). */
export function isHttpOnly(attribute: Attribute): boolean {
  return ['header', 'host', 'method', 'path', 'request-principal', 'claim'].includes(attribute.kind);
}

function headerAttribute(bracketed: string): Attribute {
  const named = bracketed.startsWith('[') && bracketed.endsWith(']') && bracketed.length > 2;
  return named ? { kind: 'header', name: bracketed.slice(1, -1) } : { kind: 'header' };
}

/** The filter's name runs up to the first bracket, the key is one name, dots and all (reference section 3.3). */
function metadataAttribute(written: string): Attribute {
  const open = written.indexOf('[');
  if (open < 0 || !written.endsWith(']')) return { kind: 'metadata' };
  return { kind: 'metadata', filter: written.slice('experimental.'.length, open), key: written.slice(open + 1, -1) };
}

/**
 * `[a][b]` walks into objects. Where brackets do not pair, all between the first and the last is one name (reference section
 * 3.6).
 */
function claimAttribute(bracketed: string): Attribute {
  if (!bracketed.startsWith('[') || !bracketed.endsWith(']')) return { kind: 'claim' };
  const inner = bracketed.slice(1, -1);
  const names = inner.split('][');
  return { kind: 'claim', path: names.some((name) => name.includes('[') || name.includes(']')) ? [inner] : names };
}
