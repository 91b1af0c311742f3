import type { Attribute } from '../../reference/attribute.js';
import type { Facts } from '../../reference/facts.js';
import { lowerAscii } from '../../reference/string-pattern.js';
import type { JsonValue } from '../../verdict/attributes.js';
import { claimAt } from '../../verdict/claims.js';
import type { Dimension, TextReading } from '../dimension.js';
import { itemsOf, metadataDimension } from './metadata-dimension.js';

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

/** A pair that is lent to whoever asks for one: it is classified at once, without asking for anything else. */
const lent: [issuer: string, subject: string] = ['', ''];

function requestPrincipal({ http }: Facts): readonly [string, string] | undefined {
  const issuer = http?.claims?.iss;
  const subject = http?.claims?.sub;
  if (typeof issuer !== 'string' || typeof subject !== 'string') return undefined;
  lent[0] = issuer;
  lent[1] = subject;
  return lent;
}

/** As `claimTexts`: a text, or those of a list, without a list of their own where there is nothing to leave out. */
function textsOf(claim: JsonValue | undefined): TextReading {
  return typeof claim === 'string' ? claim : itemsOf(claim);
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
    read: ({ http }) => (http?.claims === undefined ? undefined : textsOf(claimAt(http.claims, path))),
  };
}
