import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  type ConnectionAttributes,
  connectionDecider,
  forwardedPath,
  type GateBinding,
  type GatewayBinding,
  type HeaderLine,
  type Inventory,
  isPermit,
  type RequestAttributes,
  requestDecider,
  resolveServiceWaypoint,
  resolveWorkloadWaypoint,
  type ServiceInfo,
  type Verdict,
  type WaypointBinding,
  type WaypointResolution,
  type Workload,
  type ZtunnelBinding,
} from '@sallyport/policy';
import type { L7Query, Query, RecordedRequest, ZtunnelQuery } from './recorded-case.js';
import { type Consultation, consultRecordedProvider } from './recorded-provider.js';
import { recordedTokens } from './recorded-tokens.js';

/** The gate that a query asks, and the question. */
export interface GateAsked {
  readonly binding: GateBinding;
  /** The same question to the same gate with other policies. */
  decide(binding: GateBinding): Verdict;
  /** For HTTP: the path that an allowed request goes on with. */
  path?(): string;
  /** For HTTP: the request as authorizers and tokens left it. */
  readonly request?: RequestAttributes;
  /** For HTTP: what the external authorizers said. */
  readonly consultation?: Consultation;
}

/** Finds the gate of a query; throws an `Error` where the mesh has no such gate. */
export function gateAsked(inventory: Inventory, query: Query): GateAsked {
  switch (query.gate) {
    case 'ztunnel':
      return askedZtunnel(inventory, query);
    case 'waypoint':
    case 'gateway':
      return askedL7(inventory, query);
    default:
      throw new Error(`no gate \`${String((query as { readonly gate: unknown }).gate)}\` is known`);
  }
}

function askedZtunnel(inventory: Inventory, query: ZtunnelQuery): GateAsked {
  const workload = found(inventory.workloads.get(query.workload), `workload \`${query.workload}\``);
  const connection = connectionOf(query, query.destination.ip, query.destination.port);
  return {
    binding: bindZtunnel(inventory, workload),
    decide: (binding) => connectionDecider(inventory, binding).connection(connection),
  };
}

function askedL7(inventory: Inventory, query: L7Query): GateAsked {
  const { binding, address } = query.gate === 'gateway' ? gatewayOf(inventory, query) : waypointOf(inventory, query);
  const connection = connectionOf(query, address, query.target.port);
  if (query.request === undefined || query.protocol === 'tcp') {
    return { binding, decide: (other) => connectionDecider(inventory, other).connection(connection) };
  }
  const tokens = recordedTokens(query.request, binding.requestAuthentications);
  const request = requestOf(query.request, tokens.headers);
  const asked = requestDecider(inventory, atL7(binding));
  const stage = asked.authorizeRequest(connection, request);
  const consultation = consultRecordedProvider(stage, query.request.body);
  const { denial, ...authorization } = consultation.authorization;
  const authenticated = asked.authenticate(authorization.request ?? request, tokens.knowledge).request;
  const decide = (other: GateBinding) => {
    const decider = requestDecider(inventory, atL7(other));
    if (other === binding) return decider.request(connection, authenticated, consultation.authorization);
    // A CUSTOM policy that is asked about by itself has not been answered.
    if (other.policies.some(({ policy }) => policy.action === 'CUSTOM')) return decider.request(connection, request);
    return decider.request(connection, authenticated, authorization);
  };
  const path = () => {
    const verdict = decide(binding);
    return isPermit(verdict) ? forwardedPath(verdict, authenticated) : '';
  };
  return { binding, decide, path, request: authenticated, consultation };
}

function atL7(binding: GateBinding): Exclude<GateBinding, ZtunnelBinding> {
  if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
  return binding;
}

function gatewayOf(inventory: Inventory, { target }: L7Query): { binding: GatewayBinding; address: string } {
  const key = `${target.namespace}/${target.name}`;
  const gateway = found(inventory.gateways.get(key), `gateway \`${key}\``);
  return { binding: bindGateway(inventory, gateway), address: gateway.workload.address };
}

function waypointOf(inventory: Inventory, { target }: L7Query): { binding: WaypointBinding; address: string } {
  const key = `${target.namespace}/${target.name}`;
  if (target.kind === 'Pod') {
    const workload = found(inventory.workloads.get(key), `workload \`${key}\``);
    return { binding: bound(inventory, resolveWorkloadWaypoint(inventory, workload), workload), address: workload.address };
  }
  const services = [...inventory.services.values()];
  const service = services.find((each) => each.kind === target.kind && `${each.namespace}/${each.name}` === key);
  const known = found(service, `${target.kind} \`${key}\``);
  const [address] = known.addresses;
  return {
    binding: bound(inventory, resolveServiceWaypoint(inventory, known), known),
    address: found(address, `address of ${target.kind} \`${key}\``),
  };
}

function bound(inventory: Inventory, resolution: WaypointResolution, target: ServiceInfo | Workload): WaypointBinding {
  if (resolution.kind !== 'bound') throw new Error(`the target has no waypoint: ${resolution.kind}, ${resolution.why}`);
  return bindWaypoint(inventory, resolution.gateway, target);
}

function connectionOf({ source }: Query, destinationIp: string, destinationPort: number): ConnectionAttributes {
  const identity = source.identity === null ? {} : { identity: source.identity };
  const sni = source.sni === undefined ? {} : { sni: source.sni };
  return { ...identity, ...sni, sourceIp: source.ip, destinationIp, destinationPort };
}

function requestOf(request: RecordedRequest, tokens: readonly HeaderLine[]): RequestAttributes {
  return {
    method: request.method,
    path: request.path,
    authority: request.host,
    headers: [...request.headers, ...tokens],
    httpVersion: request.http === 2 ? 2 : 1,
  };
}

function found<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Error(`the mesh has no ${what}`);
  return thing;
}
