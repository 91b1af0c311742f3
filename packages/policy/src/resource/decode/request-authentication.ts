import type { ResourceBase } from '../model/metadata.js';
import type { RequestAuthentication } from '../model/request-authentication.js';
import type { Fields } from './fields.js';
import { decodeTargetRefs, decodeWorkloadSelector } from './selector.js';

/** Decodes a RequestAuthentication as far as binding needs it (reference section 8.1). */
export function decodeRequestAuthentication(object: Fields, base: ResourceBase): RequestAuthentication {
  const spec = object.fields('spec');
  const selector = spec === undefined ? undefined : decodeWorkloadSelector(spec);
  const jwtRules = spec?.fieldsList('jwtRules') ?? [];
  const decoded: RequestAuthentication = {
    ...base,
    kind: 'RequestAuthentication',
    ...(selector === undefined ? {} : { selector }),
    targetRefs: spec === undefined ? [] : decodeTargetRefs(spec),
    jwtRuleCount: jwtRules.length,
  };
  spec?.refuseUnknown();
  return decoded;
}
