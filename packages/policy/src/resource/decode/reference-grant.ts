import type { ReferenceGrant } from '../model/gateway-api.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';

/** Decodes a ReferenceGrant. One with an error grants nothing. */
export function decodeReferenceGrant(object: Fields, base: ResourceBase): ReferenceGrant {
  object.require('spec', 'say who may refer to what: `spec: {from: […], to: […]}`');
  const spec = object.fields('spec');
  for (const name of ['from', 'to']) spec?.require(name, 'a grant says `from` which objects, `to` which ones');
  return {
    ...base,
    kind: 'ReferenceGrant',
    from: spec?.fieldsList('from').map(decodeFrom) ?? [],
    to: spec?.fieldsList('to').map(decodeTo) ?? [],
  };
}

function decodeFrom(from: Fields): ReferenceGrant['from'][number] {
  for (const name of ['group', 'kind', 'namespace']) from.require(name, 'who may refer is named by group, kind and namespace');
  return {
    group: from.string('group') ?? '',
    kind: from.string('kind') ?? '',
    namespace: from.string('namespace') ?? '',
  };
}

function decodeTo(to: Fields): ReferenceGrant['to'][number] {
  for (const name of ['group', 'kind']) to.require(name, 'what may be referred to is named by group and kind');
  const name = to.string('name');
  return { group: to.string('group') ?? '', kind: to.string('kind') ?? '', ...(name === undefined ? {} : { name }) };
}
