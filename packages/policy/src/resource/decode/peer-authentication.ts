import type { ResourceBase } from '../model/metadata.js';
import type { MtlsMode, PeerAuthentication } from '../model/peer-authentication.js';
import type { Fields } from './fields.js';
import { decodeWorkloadSelector } from './selector.js';

const modes: readonly MtlsMode[] = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'];

/** Decodes a PeerAuthentication (reference section 7.9). */
export function decodePeerAuthentication(object: Fields, base: ResourceBase): PeerAuthentication {
  const spec = object.fields('spec');
  const selector = spec === undefined ? undefined : decodeWorkloadSelector(spec);
  const decoded: PeerAuthentication = {
    ...base,
    kind: 'PeerAuthentication',
    ...(selector === undefined ? {} : { selector }),
    mode: decodeMode(spec?.fields('mtls')),
    portLevel: spec === undefined ? [] : decodePortLevel(spec),
  };
  spec?.refuseUnknown();
  return decoded;
}

function decodeMode(mtls: Fields | undefined): MtlsMode {
  const mode = mtls?.oneOf('mode', modes) ?? 'UNSET';
  mtls?.refuseUnknown();
  return mode;
}

/** Keys are checked by validation; until then a port may be no number. */
function decodePortLevel(spec: Fields): PeerAuthentication['portLevel'] {
  const ports = spec.fields('portLevelMtls');
  if (ports === undefined) return [];
  return [...ports.node.entries.keys()].flatMap((name) => {
    const entry = ports.fields(name);
    if (entry === undefined) return [];
    return [{ port: Number(name), mode: decodeMode(entry), span: ports.spanOf(name) }];
  });
}
