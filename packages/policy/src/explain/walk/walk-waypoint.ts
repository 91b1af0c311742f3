import { acceptAtWaypoint } from '../../bind/accept.js';
import { bindWaypoint } from '../../bind/bind-waypoint.js';
import type { InboundTarget, OutboundRoute } from '../../bind/route.js';
import { routeHttp } from '../../bind/route-http.js';
import { routeTcp } from '../../bind/route-tcp.js';
import { requestDecider } from '../../decide/index.js';
import type { GatewayInfo } from '../../inventory/inventory.js';
import type { ConnectionAttributes, RequestAttributes } from '../../verdict/attributes.js';
import { remoteAddress } from '../../verdict/remote-address.js';
import { nearestMiss } from '../nearest-miss.js';
import { assumeAuthorizers } from './assume-authorizers.js';
import { assumeToken } from './assume-token.js';
import { type Branch, deadEnd, prepend, withNotes } from './branch.js';
import { viewGate } from './gate-view.js';
import type { Sender, Walk } from './walk.js';
import { gateAsSender, type Onward, walkBackends } from './walk-backends.js';

type WaypointRoute = Extract<OutboundRoute, { kind: 'waypoint' }>;
type AcceptedTarget = Exclude<InboundTarget, { kind: 'refused' }>;

/** A waypoint on the path: what it sees, what it decides, and its own hop onward (reference sections 5.2, 7.5). */
export function walkWaypoint(
  walk: Walk,
  sender: Sender,
  route: WaypointRoute,
  request: RequestAttributes,
  onward: Onward,
): Branch {
  const { gateway } = route;
  const target = acceptAtWaypoint(walk.inventory, gateway, route.authority);
  if (target.kind === 'refused') return deadEnd(gateway.key, { reason: 'illegal-target', detail: target.detail });
  const { gate, effect, asked, notes } = askWaypoint(walk, sender, gateway, target, request);
  const step = { kind: 'gate', gate } as const;
  if (effect === 'deny') return { ...deadEnd(gateway.key), steps: [step], notes };
  return withNotes(notes, prepend([step], goOn(asked.walk, gateway, target, asked.onward, onward)));
}

function askWaypoint(walk: Walk, sender: Sender, gateway: GatewayInfo, target: AcceptedTarget, request: RequestAttributes) {
  const { inventory } = walk;
  const binding = bindWaypoint(inventory, gateway, target.kind === 'service' ? target.service : target.workload);
  const connection = connectionAt(walk, sender, gateway, target, request);
  const http = speaksHttp(walk, target);
  const decider = requestDecider(inventory, binding);
  const asked = http ? assumeToken(walk, decider, binding, request) : { request, onward: request, walk, notes: [] };
  const stage = http ? decider.authorizeRequest(connection, request) : decider.authorizeConnection(connection);
  const { authorization, notes } = assumeAuthorizers(stage, walk.question);
  const verdict = http
    ? decider.request(connection, asked.request, authorization)
    : decider.connection(connection, authorization);
  const nearest = nearestMiss(inventory, binding, verdict, { connection, ...(http ? { request: asked.request } : {}) });
  const layer = http ? ('request' as const) : ('connection' as const);
  const gate = viewGate({ gate: 'waypoint', name: gateway.key, layer, binding, connection, verdict, nearest });
  return { gate, effect: verdict.effect, asked, notes: [...notes, ...asked.notes] };
}

function connectionAt(
  walk: Walk,
  sender: Sender,
  gateway: GatewayInfo,
  target: AcceptedTarget,
  request: RequestAttributes,
): ConnectionAttributes {
  const identity = sender.identity === undefined ? {} : { identity: sender.identity };
  const remoteIp = speaksHttp(walk, target)
    ? remoteAddress(walk.inventory, { gateway, ...identity, peer: sender.address, headers: request.headers })
    : sender.address;
  return {
    ...identity,
    sourceIp: sender.address,
    remoteIp,
    destinationIp: target.kind === 'service' ? target.address : target.workload.address,
    destinationPort: target.kind === 'service' ? target.servicePort.port : target.port,
    ...(walk.sni === undefined ? {} : { sni: walk.sni }),
  };
}

function speaksHttp(walk: Walk, target: AcceptedTarget): boolean {
  return walk.http && (target.kind === 'workload' || target.servicePort.protocol === 'http');
}

function goOn(walk: Walk, gateway: GatewayInfo, target: AcceptedTarget, request: RequestAttributes, onward: Onward): Branch {
  if (target.kind === 'workload') {
    return onward(walk, gateAsSender(gateway), { kind: 'hbone', endpoints: [target] }, request);
  }
  const parent = { service: target.service, port: target.servicePort.port };
  const routing = speaksHttp(walk, target) ? routeHttp(walk.inventory, parent, request) : routeTcp(walk.inventory, parent);
  return walkBackends(walk, gateway, routing, request, onward);
}
