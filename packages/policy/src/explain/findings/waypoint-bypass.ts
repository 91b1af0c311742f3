import { routeFromGate } from '../../bind/route-outbound.js';
import type { Endpoint, GatewayInfo, Workload } from '../../inventory/inventory.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { identitiesOf, strangerOf } from '../candidates.js';
import { type FindingContext, listNames } from '../finding-context.js';
import type { Front } from '../gates.js';
import { gatewaysTo } from '../gateways-to.js';
import { onlyFromWaypoint } from '../only-from-waypoint.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * A ztunnel behind a policy that a waypoint enforces admits others than the waypoint: nothing in the mesh checks that traffic came
 * through it (reference section 7.5). Names each way around, and prints the policy that closes them all.
 */
export function waypointBypass(context: FindingContext): void {
  const expected = expectedIdentities(context);
  for (const front of context.gates.fronts) {
    const policies = protectingPolicies(front);
    const [policy] = policies;
    if (policy === undefined) continue;
    const open = openEndpoints(context, front, expected);
    if (open.length === 0) continue;
    report(context, front, policies, open);
  }
}

/** One endpoint whose ztunnel admits somebody else, with who. */
interface OpenEndpoint {
  readonly endpoint: Endpoint;
  readonly plaintext: boolean;
  /** Identities without `spiffe://`; `anyone` where a stranger gets in. */
  readonly byAddress: readonly string[];
  readonly gateways: readonly GatewayInfo[];
}

/**
 * Policies whose loss is noticed: a dry-run or AUDIT policy decides nothing that could be bypassed. At a canary, those that the
 * service's own waypoint does not have.
 */
export function protectingPolicies({ binding, primary }: Front): AuthorizationPolicy[] {
  const known = new Set(primary?.binding.policies.map(({ policy }) => policy));
  return binding.policies
    .map(({ policy }) => policy)
    .filter((policy) => !policy.dryRun && policy.action !== 'AUDIT' && !known.has(policy));
}

/** For each workload and port, the identities of the waypoints in front of it. */
function expectedIdentities(context: FindingContext): Map<string, Set<string>> {
  const expected = new Map<string, Set<string>>();
  const add = (workload: Workload, port: number | '*', gateway: GatewayInfo) => {
    const key = `${workload.key}:${port}`;
    const identities = expected.get(key) ?? new Set();
    expected.set(key, identities.add(gateway.workload.identity));
  };
  for (const { service, gateway } of context.gates.fronts) {
    for (const port of service.ports) for (const endpoint of port.endpoints) add(endpoint.workload, endpoint.port, gateway);
  }
  for (const { gateway, target } of context.gates.workloadFronts) if (!('hostname' in target)) add(target, '*', gateway);
  return expected;
}

function openEndpoints(context: FindingContext, front: Front, expected: Map<string, Set<string>>): OpenEndpoint[] {
  const gateways = gatewaysTo(context.inventory, front.service);
  return front.service.ports.flatMap((port) => {
    const past = gateways.filter(
      (gateway) => routeFromGate(context.inventory, gateway, front.service, port.port).kind === 'hbone',
    );
    return port.endpoints
      .filter((endpoint) => endpoint.workload.capture === 'captured')
      .flatMap((endpoint) => {
        const { key } = endpoint.workload;
        const waypoints = new Set([...(expected.get(`${key}:${endpoint.port}`) ?? []), ...(expected.get(`${key}:*`) ?? [])]);
        return askEndpoint(context, endpoint, waypoints, past);
      });
  });
}

function askEndpoint(
  context: FindingContext,
  endpoint: Endpoint,
  waypoints: ReadonlySet<string>,
  gateways: readonly GatewayInfo[],
): OpenEndpoint[] {
  const admits = admission(context, endpoint);
  const { trustDomain } = context.inventory.mesh;
  const stranger = strangerOf(trustDomain);
  const plaintext = admits(undefined);
  const byAddress = admits(stranger)
    ? ['anyone']
    : namedIntruders(context, endpoint.workload, waypoints)
        .filter(admits)
        .map((identity) => identity.slice('spiffe://'.length));
  const open = gateways.filter((gateway) => !waypoints.has(gateway.workload.identity) && admits(gateway.workload.identity));
  if (!plaintext && byAddress.length === 0 && open.length === 0) return [];
  return [{ endpoint, plaintext, byAddress, gateways: open }];
}

/** Whether this endpoint's ztunnel admits an identity, from any of the addresses that its policies speak of. */
function admission(context: FindingContext, { workload, port }: Endpoint): (identity: string | undefined) => boolean {
  const binding = context.gates.ztunnel(workload);
  const decider = context.gates.decider(binding);
  const named = binding.policies.flatMap((bound) => sourceAddresses(bound.policy)).slice(0, 16);
  const addresses = [
    '203.0.113.77',
    ...(named.length === 0 ? [] : [...named, ...sampleOf(context, ({ address }) => address, 8)]),
  ];
  return (identity) =>
    addresses.some((sourceIp) => {
      const peer = identity === undefined ? {} : { identity };
      return decider.connection({ ...peer, sourceIp, destinationIp: workload.address, destinationPort: port }).effect === 'allow';
    });
}

function sourceAddresses(policy: AuthorizationPolicy): string[] {
  return policy.rules.flatMap((rule) => {
    const blocks = rule.from.flatMap((entry) =>
      entry.terms.filter((term) => term.field === 'ipBlocks').flatMap((term) => term.values),
    );
    const conditions = rule.when
      .filter((condition) => condition.key.value === 'source.ip')
      .flatMap((condition) => condition.values);
    return [...blocks, ...conditions].map((text) => text.value.split('/')[0] ?? text.value);
  });
}

/** Who else might get in: identities that the policies name, to allow them or to exempt them from a denial, and some that exist. */
function namedIntruders(context: FindingContext, workload: Workload, waypoints: ReadonlySet<string>): string[] {
  const { policies } = context.gates.ztunnel(workload);
  const named = policies.flatMap(({ policy }) => identitiesOf(policy, context.inventory.mesh.trustDomain)).slice(0, 200);
  const existing = policies.length === 0 ? [] : sampleOf(context, ({ identity }) => identity, 50);
  return [...new Set([...named, ...existing])].filter((identity) => !waypoints.has(identity));
}

/** Some of the values that workloads of the mesh have, spread over all of them. */
function sampleOf(context: FindingContext, value: (workload: Workload) => string, most: number): string[] {
  const all = [...new Set(context.gates.captured.map(value))];
  const step = Math.max(1, Math.floor(all.length / most));
  return all.filter((_, index) => index % step === 0).slice(0, most);
}

function report(
  context: FindingContext,
  front: Front,
  policies: readonly AuthorizationPolicy[],
  open: readonly OpenEndpoint[],
): void {
  const [policy] = policies;
  if (policy === undefined) return;
  const workloads = [...new Set(open.map(({ endpoint }) => ownerKey(endpoint.workload)))];
  const others = policies.length === 1 ? '' : ` and ${policies.length - 1} more`;
  const verb = policies.length === 1 ? 'is' : 'are';
  const message = `\`${qualifiedName(policy.metadata)}\`${others} at waypoint \`${front.gateway.key}\` ${verb} not asked when ${listNames(workloads)} is reached ${describeWays(open)}`;
  context.report('waypoint-bypass', policy.targetRefs[0]?.span ?? policy.metadata.nameSpan, message, {
    hint: `let the ztunnel admit the ${front.waypoints.length > 1 ? 'waypoints' : 'waypoint'} only, with this second policy`,
    ...onlyFromWaypoint(
      context,
      front,
      open.map(({ endpoint }) => endpoint),
    ),
    related: [
      { message: `\`${front.service.hostname}\` is behind the waypoint`, span: front.service.span },
      ...policies
        .slice(1, 5)
        .map((other) => ({ message: `\`${qualifiedName(other.metadata)}\` is bypassed too`, span: other.metadata.nameSpan })),
    ],
  });
}

/** `NAMESPACE/OWNER`: the name that people know a workload by. */
function ownerKey(workload: Workload): string {
  return `${workload.namespace}/${workload.ownerName}`;
}

function describeWays(open: readonly OpenEndpoint[]): string {
  const named = [...new Set(open.flatMap((endpoint) => endpoint.byAddress))];
  const who = named.includes('anyone') ? 'anyone in the mesh' : listNames(named, 3);
  const gateways = [...new Set(open.flatMap((endpoint) => endpoint.gateways.map((gateway) => gateway.key)))];
  const ways = [
    ...(named.length === 0 ? [] : [`at its pod address (by ${who})`]),
    ...(open.some((endpoint) => endpoint.plaintext) ? ['in plaintext (by anyone, without identity)'] : []),
    ...(gateways.length === 0 ? [] : [`through gateway ${listNames(gateways)} (it goes past the waypoint)`]),
  ];
  return ways.join(', or ');
}
