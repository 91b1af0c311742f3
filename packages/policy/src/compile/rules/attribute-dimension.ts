import type { Attribute } from '../../reference/attribute.js';
import type { Facts } from '../../reference/facts.js';
import { lowerAscii } from '../../reference/string-pattern.js';
import { claimTexts } from '../../verdict/claims.js';
import type { Dimension } from '../dimension.js';
import { metadataDimension } from './metadata-dimension.js';

/** Which dimension of what a gate knows an attribute is. */
export function dimensionOf(attribute: Attribute): Dimension<Facts> {
  switch (attribute.kind) {
    case 'header':
      return headerDimension(attribute.name ?? '');
    case 'claim':
      return claimDimension(attribute.path ?? []);
    case 'metadata':
      return metadataDimension(attribute);
    default:
      return plain[attribute.kind];
  }
}

type PlainKind = Exclude<Attribute['kind'], 'header' | 'claim' | 'metadata'>;

/** Principals, namespaces, accounts and trust domains are all said of one text. */
const identity: Dimension<Facts> = { key: 'identity', kind: 'identity', perConnection: true, read: (facts) => facts.identity };

const plain: Readonly<Record<PlainKind, Dimension<Facts>>> = {
  principal: identity,
  namespace: identity,
  'service-account': identity,
  'trust-domain': identity,
  'source-ip': { key: 'source.ip', kind: 'address', perConnection: true, read: (facts) => facts.sourceIp },
  // Of a request it may come from a header.
  'remote-ip': { key: 'remote.ip', kind: 'address', perConnection: false, read: (facts) => facts.remoteIp },
  'destination-ip': { key: 'destination.ip', kind: 'address', perConnection: true, read: (facts) => facts.destinationIp },
  'destination-port': { key: 'destination.port', kind: 'number', perConnection: true, read: (facts) => facts.destinationPort },
  sni: { key: 'sni', kind: 'text', perConnection: true, read: (facts) => facts.sni },
  host: {
    key: 'host',
    kind: 'text',
    perConnection: false,
    read: ({ http }) => (http === undefined ? undefined : lowerAscii(http.authority)),
  },
  method: { key: 'method', kind: 'text', perConnection: false, read: ({ http }) => http?.method },
  path: { key: 'path', kind: 'text', perConnection: false, read: ({ http }) => http?.path },
  'request-principal': { key: 'request.principal', kind: 'pair', perConnection: false, read: requestPrincipal },
};

function requestPrincipal({ http }: Facts): readonly [string, string] | undefined {
  const issuer = http?.claims?.iss;
  const subject = http?.claims?.sub;
  return typeof issuer === 'string' && typeof subject === 'string' ? [issuer, subject] : undefined;
}

function headerDimension(name: string): Dimension<Facts> {
  const lower = lowerAscii(name);
  return { key: `header ${lower}`, kind: 'text', perConnection: false, read: ({ http }) => http?.headers(lower) };
}

function claimDimension(path: readonly string[]): Dimension<Facts> {
  return {
    key: `claim ${JSON.stringify(path)}`,
    kind: 'text',
    perConnection: false,
    read: ({ http }) => (http?.claims === undefined ? undefined : claimTexts(http.claims, path)),
  };
}
