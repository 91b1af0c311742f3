import type { Fields } from '../decode/fields.js';
import type { PeerAuthentication } from '../model/peer-authentication.js';
import { checkSelector } from './rules/selector.js';

/** Checks a PeerAuthentication (reference section 7.9). */
export function validatePeerAuthentication(policy: PeerAuthentication, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  checkSelector(spec);
  if (!spec.has('portLevelMtls')) return;
  if (Object.keys(policy.selector?.matchLabels ?? {}).length === 0) {
    spec.report('port-level-without-selector', spec.nameSpan('portLevelMtls'), '`portLevelMtls` needs a selector with labels', {
      hint: 'select the workloads whose ports these are; a whole namespace has no ports',
    });
  }
  checkPorts(spec);
}

function checkPorts(spec: Fields): void {
  const ports = spec.fields('portLevelMtls');
  if (ports === undefined) return;
  const names = [...ports.node.entries.keys()];
  if (names.length === 0)
    spec.report('port-level-mtls', spec.spanOf('portLevelMtls'), '`portLevelMtls` has no port', {
      hint: 'add a port, or remove the field',
    });
  const seen = new Map<number, string>();
  for (const name of names) {
    const port = /^[0-9]{1,9}$/.test(name) ? Number(name) : 0;
    const earlier = seen.get(port);
    if (port < 1 || port > 65_535) {
      ports.report('port-level-mtls', ports.nameSpan(name), `\`${name}\` is not a port`, {
        hint: 'write a number from 1 to 65535, the port that the pod listens on',
      });
    } else if (earlier !== undefined) {
      ports.report('port-level-mtls', ports.nameSpan(name), `\`${name}\` and \`${earlier}\` are the same port`, {
        hint: 'keep one of the two',
      });
    }
    seen.set(port, name);
  }
}
