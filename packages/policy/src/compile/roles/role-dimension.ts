import { authenticationFilter } from '../../legacy/authentication-metadata.js';
import type { RoleAttribute } from '../../legacy/clause.js';
import type { RoleFacts } from '../../legacy/role-facts.js';
import type { JsonValue } from '../../verdict/attributes.js';
import type { Dimension, TextReading } from '../dimension.js';
import { itemsOf, markedTexts } from '../rules/metadata-dimension.js';

/** What compiled roles are asked about. */
export interface RoleSubject extends RoleFacts {
  /** As `claimOf`; a list may be lent, and is then good until the next claim is asked for. */
  claim(name: string): JsonValue | undefined;
}

/** What the authentication filter says of the peer: of a connection always the same, unless a request says otherwise, of which nothing is kept then. */
const peerKeys: ReadonlySet<string> = new Set(['source.principal', 'source.user']);

/** Which dimension of what a role is asked about an attribute is. */
export function roleDimension(attribute: RoleAttribute): Dimension<RoleSubject> {
  switch (attribute.kind) {
    case 'header': {
      const { name } = attribute;
      return { key: `header ${name}`, kind: 'text', perConnection: false, read: ({ headers }) => headers?.(name) };
    }
    case 'published': {
      const { filter, key } = attribute;
      return {
        key: `published ${JSON.stringify([filter, key])}`,
        kind: 'text',
        perConnection: filter === authenticationFilter && peerKeys.has(key),
        read: ({ metadata }) => textOf(metadata(filter, key)),
      };
    }
    case 'awaited': {
      const { filter, key } = attribute;
      return {
        key: `awaited ${JSON.stringify([filter, key])}`,
        kind: 'text',
        perConnection: false,
        isAwaited: ({ awaited }) => awaited.includes(filter),
        read: ({ metadata }) => markedTexts(metadata(filter, key)),
      };
    }
    case 'claim':
      return {
        key: `claim ${attribute.name}`,
        kind: 'text',
        perConnection: false,
        read: (facts) => itemsOf(facts.claim(attribute.name)),
      };
    default:
      return plain[attribute.kind];
  }
}

const plain: Readonly<
  Record<Exclude<RoleAttribute['kind'], 'header' | 'published' | 'awaited' | 'claim'>, Dimension<RoleSubject>>
> = {
  'source-ip': { key: 'source.ip', kind: 'address', perConnection: true, read: ({ sourceIp }) => sourceIp },
  'destination-ip': { key: 'destination.ip', kind: 'address', perConnection: true, read: ({ destinationIp }) => destinationIp },
  'destination-port': {
    key: 'destination.port',
    kind: 'number',
    perConnection: true,
    read: ({ destinationPort }) => destinationPort,
  },
  sni: { key: 'sni', kind: 'text', perConnection: true, read: ({ sni }) => sni },
  'peer-name': { key: 'peer name', kind: 'text', perConnection: true, read: ({ peerNames }) => peerNames },
};

function textOf(value: JsonValue | undefined): TextReading {
  return typeof value === 'string' ? value : undefined;
}
