import type { ResourceBase } from '../model/metadata.js';
import type { ClusterRbacConfig, RbacConfig, RbacMode, RbacTarget } from '../model/rbac.js';
import type { Fields } from './fields.js';
import { decodeEnum, refuseUnknownInStrict, spelled } from './spelling.js';

const modes: readonly RbacMode[] = ['OFF', 'ON', 'ON_WITH_INCLUSION', 'ON_WITH_EXCLUSION'];
const enforcementModes = ['ENFORCED', 'PERMISSIVE'] as const;

/** Decodes a ClusterRbacConfig or RbacConfig (legacy reference section 1.2). Without a spec it is off. */
export function decodeRbacConfig<Kind extends 'ClusterRbacConfig' | 'RbacConfig'>(
  kind: Kind,
): (object: Fields, base: ResourceBase) => Extract<ClusterRbacConfig | RbacConfig, { readonly kind: Kind }> {
  return (object, base) => ({ ...base, kind, ...decodeSpec(object.fields('spec')) }) as never;
}

function decodeSpec(spec: Fields | undefined): Omit<RbacConfig, keyof ResourceBase | 'kind'> {
  if (spec === undefined) return { mode: 'OFF', permissive: false };
  const inclusion = decodeTarget(spec, 'inclusion');
  const exclusion = decodeTarget(spec, 'exclusion');
  const decoded = {
    // Upstream reads any other number as off.
    mode: decodeEnum(spec, 'mode', modes, 'OFF'),
    ...(inclusion === undefined ? {} : { inclusion }),
    ...(exclusion === undefined ? {} : { exclusion }),
    permissive: decodeEnum(spec, spelled(spec, 'enforcementMode'), enforcementModes, 'ENFORCED') === 'PERMISSIVE',
  };
  refuseUnknownInStrict(spec);
  return decoded;
}

function decodeTarget(spec: Fields, name: string): RbacTarget | undefined {
  const target = spec.fields(name);
  if (target === undefined) return undefined;
  const decoded = { services: target.texts('services'), namespaces: target.texts('namespaces'), span: spec.spanOf(name) };
  refuseUnknownInStrict(target);
  return decoded;
}
