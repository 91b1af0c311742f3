import type { OutboundRoute, RouteShare } from '../../bind/route.js';
import type { Endpoint, GatewayInfo, ServiceInfo, Workload } from '../../inventory/inventory.js';
import { networkGateway } from '../../inventory/networks.js';
import type { RequestAttributes } from '../../verdict/attributes.js';
import { type Branch, type BranchStep, deadEnd, joinBranches, prepend, withNotes } from './branch.js';
import { viewRefusal } from './gate-view.js';
import type { Sender, Walk } from './walk.js';
import { walkWaypoint } from './walk-waypoint.js';
import { askZtunnel, walkZtunnel } from './walk-ztunnel.js';

/** Follows an outbound route to its end: through a waypoint, or to every endpoint. */
export function walkOnward(walk: Walk, sender: Sender, route: OutboundRoute, request: RequestAttributes): Branch {
  switch (route.kind) {
    case 'split':
      return splitBranch(route.ways, (way) => walkOnward(walk, sender, way.route, request));
    case 'waypoint':
      return across(route.through, route.authority, sender, (from) => toWaypoint(walk, from, route, request));
    case 'hbone':
      return joinBranches(route.endpoints.map((endpoint) => toTunnelled(walk, sender, route, endpoint)));
    case 'plaintext':
      return walkPlaintext(walk, sender, route.endpoints);
    case 'passthrough':
      return passthrough(route);
    case 'refused':
      return refused(sender, route);
  }
}

/** A share of connections goes through the canary: the worst way decides, and the notes say how many take which. */
function splitBranch(ways: readonly RouteShare[], walked: (way: RouteShare) => Branch): Branch {
  const live = ways.filter(({ weight }) => weight > 0);
  const branches = live.map((way) => ({ ...walked(way), label: `${way.waypoint.key} (${way.weight} % of connections)` }));
  const shares = ways.map(({ waypoint, weight }, index) => {
    return `${weight} % of connections go through ${index === 0 ? 'waypoint' : 'canary waypoint'} \`${waypoint.key}\``;
  });
  return withNotes([shares.join(', ')], joinBranches(branches));
}

function toTunnelled(
  walk: Walk,
  sender: Sender,
  { service, servicePort }: Extract<OutboundRoute, { kind: 'hbone' }>,
  endpoint: Endpoint,
): Branch {
  const { network } = endpoint.workload;
  const through = network === sender.network ? undefined : networkGateway(walk.inventory, network);
  const authority = through === undefined ? undefined : `${service?.hostname}:${servicePort?.port}`;
  return across(through, authority, sender, (from) => toEndpoint(walk, from, endpoint));
}

/** An east-west gateway judges nothing: the tunnel inside is the sender's own, and comes from the gateway's address (reference section 7.7). */
function across(
  through: GatewayInfo | undefined,
  authority: string | undefined,
  sender: Sender,
  onward: (from: Sender) => Branch,
): Branch {
  const to = authority === undefined ? null : `to ${authority}`;
  if (through === undefined) return prepend([leg('HBONE', to)], onward(sender));
  const { address, network } = through.workload;
  const note = `${to}, inside HBONE to east-west gateway \`${through.key}\` of network \`${network}\``;
  return prepend([leg('HBONE', note)], onward({ ...sender, address, network }));
}

/** A waypoint in pods of the mesh has their ztunnel in front (reference section 7.5, step 5). */
function toWaypoint(
  walk: Walk,
  sender: Sender,
  route: Extract<OutboundRoute, { kind: 'waypoint' }>,
  request: RequestAttributes,
): Branch {
  const { workload } = route.gateway;
  if (workload.applicationTunnel === undefined) return walkWaypoint(walk, sender, route, request, walkOnward);
  const port = workload.applicationTunnel.port ?? Number(route.authority.slice(route.authority.lastIndexOf(':') + 1));
  const { gate, effect, notes } = askZtunnel(walk, sender, { workload, port });
  const step = { kind: 'gate', gate } as const;
  if (effect === 'deny') return { ...deadEnd(workload.key), steps: [step], notes };
  const foreign = `waypoint \`${route.gateway.key}\` is another implementation: it may read its policies otherwise`;
  return withNotes([...notes, foreign], prepend([step], walkWaypoint(walk, sender, route, request, walkOnward)));
}

function refused(sender: Sender, route: Extract<OutboundRoute, { kind: 'refused' }>): Branch {
  if (route.reason !== 'waypoint-unavailable') return deadEnd(sender.name, { reason: route.reason, detail: route.detail });
  return { ...deadEnd(sender.name), steps: [{ kind: 'gate', gate: viewRefusal(sender, route.detail, route.span) }] };
}

/** Plain TCP to these endpoints: no identity, and a ztunnel only where the endpoint is enrolled. */
function walkPlaintext(walk: Walk, sender: Sender, endpoints: readonly Endpoint[]): Branch {
  const { identity: _, ...plain } = sender;
  const branches = endpoints.map((endpoint) => prepend([leg('plaintext', null)], toEndpoint(walk, plain, endpoint)));
  return branches.length === 0
    ? deadEnd(sender.name, { reason: 'no-endpoints', detail: 'no endpoint is ready' })
    : joinBranches(branches);
}

function toEndpoint(walk: Walk, sender: Sender, endpoint: Endpoint): Branch {
  return endpoint.workload.capture === 'captured'
    ? walkZtunnel(walk, sender, endpoint)
    : uncaptured(endpoint.workload, endpoint.port);
}

/** A step between two gates. */
export function leg(protocol: 'HBONE' | 'plaintext' | 'TLS' | 'passthrough', note: string | null): BranchStep {
  return { kind: 'leg', leg: { protocol, note } };
}

/** Why a workload has no ztunnel, as a clause. */
export function describeCapture(workload: Pick<Workload, 'capture' | 'key' | 'namespace'>): string {
  switch (workload.capture) {
    case 'captured':
      return `\`${workload.key}\` is captured`;
    case 'host-network':
      return `\`${workload.key}\` is on the host network`;
    case 'sidecar':
      return `\`${workload.key}\` has a sidecar, which is not modelled`;
    case 'gateway':
      return `\`${workload.key}\` is a gateway's own pod (ask with \`--via\` to walk through it)`;
    case 'opted-out':
      return `\`${workload.key}\` has opted out of the mesh`;
    case 'not-enrolled':
      return `namespace \`${workload.namespace}\` is not enrolled`;
  }
}

function uncaptured(workload: Workload, port: number): Branch {
  return {
    label: workload.key,
    effect: 'allow',
    steps: [{ kind: 'application', name: workload.key, address: workload.address, port, reached: true }],
    notes: [],
    notCaptured: [`${describeCapture(workload)}: no ztunnel stands in front of it, and no policy is asked there`],
  };
}

function passthrough(route: { readonly host: string; readonly port: number; readonly service?: ServiceInfo }): Branch {
  return {
    label: route.host,
    effect: 'allow',
    steps: [
      leg('passthrough', null),
      { kind: 'application', name: route.service?.hostname ?? route.host, address: route.host, port: route.port, reached: true },
    ],
    notes: [],
    notCaptured: [`\`${route.host}\` is outside the mesh: no gate stands in front of it`],
  };
}
