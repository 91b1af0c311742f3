import { bindZtunnel } from '../../bind/bind-ztunnel.js';
import { connectionDecider } from '../../decide/index.js';
import type { Endpoint } from '../../inventory/inventory.js';
import type { ConnectionAttributes } from '../../verdict/attributes.js';
import { nearestMiss } from '../nearest-miss.js';
import { assumeAuthorizers } from './assume-authorizers.js';
import type { Branch } from './branch.js';
import { viewGate } from './gate-view.js';
import type { Sender, Walk } from './walk.js';

/** The last gate: the ztunnel in front of one workload, then its application (reference section 7.5, 7.6). */
export function walkZtunnel(walk: Walk, sender: Sender, endpoint: Endpoint): Branch {
  const { workload, port } = endpoint;
  const { gate, effect, notes } = askZtunnel(walk, sender, endpoint);
  return {
    label: workload.key,
    effect,
    steps: [
      { kind: 'gate', gate },
      { kind: 'application', name: workload.key, address: workload.address, port, reached: effect === 'allow' },
    ],
    notes,
    notCaptured: [],
  };
}

/** What the ztunnel in front of one workload says. */
export function askZtunnel(walk: Walk, sender: Sender, endpoint: Endpoint) {
  const { workload, port } = endpoint;
  const binding = bindZtunnel(walk.inventory, workload);
  const connection: ConnectionAttributes = {
    ...(sender.identity === undefined ? {} : { identity: sender.identity }),
    sourceIp: sender.address,
    destinationIp: workload.address,
    destinationPort: port,
    ...(walk.sni === undefined ? {} : { sni: walk.sni }),
  };
  const decider = connectionDecider(walk.inventory, binding);
  const { authorization, notes } = assumeAuthorizers(decider.authorizeConnection(connection), walk.question);
  const verdict = decider.connection(connection, authorization);
  const nearest = nearestMiss(walk.inventory, binding, verdict, { connection });
  const gate = viewGate({ gate: 'ztunnel', name: workload.key, layer: 'connection', binding, connection, verdict, nearest });
  return { gate, effect: verdict.effect, notes };
}
