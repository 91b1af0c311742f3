import type { GateBinding } from '../../bind/binding.js';
import { connectionDecider, requestDecider } from '../../decide/index.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import type { Verdict } from '../../verdict/verdict.js';
import { type Candidate, candidatesOf, type Surroundings } from '../candidates.js';
import { describeCandidate } from '../describe-candidate.js';
import type { FindingContext } from '../finding-context.js';
import type { Front, Gates } from '../gates.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Policies on which `strict` and `upstream` disagree, each with a request that shows it: requests made from the policy's own
 * values are put to the same gate in both dialects. What is reported is real; that nothing is found proves nothing.
 */
export function dialectsDiffer(context: FindingContext): void {
  const strict = context.gatesOf('strict');
  const upstream = context.gatesOf('upstream');
  if (strict === undefined || upstream === undefined) return;
  const pairs = gatePairs(strict, upstream);
  // A policy that one dialect refuses is reported as that, not by what its absence does.
  const inOther = new Set(context.otherGates?.inventory.policies.map(keyOf));
  for (const policy of context.inventory.policies) {
    const witness = inOther.has(keyOf(policy))
      ? firstWitness(policy, pairs.get(keyOf(policy)) ?? [], strict, upstream)
      : undefined;
    if (witness !== undefined) report(context, policy, witness);
  }
}

/** The same gate in both dialects. */
interface Pair {
  readonly strict: GateBinding;
  readonly upstream: GateBinding;
}

interface Witness {
  readonly candidate: Candidate;
  readonly gate: GateBinding;
  readonly strict: Verdict;
  readonly upstream: Verdict;
}

/** How many gates are asked per policy: they differ in little but their addresses. */
const gatesAsked = 3;

/** For each policy, some gates that enforce it, or are closed by it, in either dialect. */
function gatePairs(strict: Gates, upstream: Gates): Map<string, Pair[]> {
  const pairs = new Map<string, Pair[]>();
  const add = (pair: Pair) => {
    for (const binding of [pair.strict, pair.upstream]) {
      for (const key of policyKeys(binding)) {
        const known = pairs.get(key);
        if (known === undefined) pairs.set(key, [pair]);
        else if (known.length < gatesAsked && known.at(-1) !== pair) known.push(pair);
      }
    }
  };
  for (const workload of strict.captured) {
    const same = upstream.inventory.workloads.get(workload.key);
    if (same?.capture === 'captured') add({ strict: strict.ztunnel(workload), upstream: upstream.ztunnel(same) });
  }
  const keyOfFront = ({ service, gateway }: Front) => `${service.key} ${gateway.key}`;
  const fronts = new Map(upstream.fronts.map((front) => [keyOfFront(front), front.binding]));
  for (const front of strict.fronts) {
    const same = fronts.get(keyOfFront(front));
    if (same !== undefined) add({ strict: front.binding, upstream: same });
  }
  const gateways = new Map(upstream.gateways.map((binding) => [binding.gateway.key, binding]));
  for (const binding of strict.gateways) {
    const same = gateways.get(binding.gateway.key);
    if (same !== undefined) add({ strict: binding, upstream: same });
  }
  return pairs;
}

function* policyKeys(binding: GateBinding): Generator<string> {
  for (const { policy } of binding.policies) if (!policy.dryRun) yield keyOf(policy);
  for (const { policy } of binding.closures) if (policy.kind === 'AuthorizationPolicy') yield keyOf(policy);
}

const keys = new WeakMap<AuthorizationPolicy, string>();

/** The name by which the two dialects' copies of a policy are the same; asked for once per gate and policy. */
function keyOf(policy: AuthorizationPolicy): string {
  const known = keys.get(policy);
  if (known !== undefined) return known;
  const key = qualifiedName(policy.metadata);
  keys.set(policy, key);
  return key;
}

function firstWitness(policy: AuthorizationPolicy, pairs: readonly Pair[], strict: Gates, upstream: Gates): Witness | undefined {
  for (const pair of pairs) {
    const alone = { strict: onlyPolicy(pair.strict, keyOf(policy)), upstream: onlyPolicy(pair.upstream, keyOf(policy)) };
    const askAlone = asker(alone, strict, upstream);
    const askAll = asker(pair, strict, upstream);
    for (const candidate of candidatesOf(policy, surroundings(pair.strict, strict))) {
      // First the policy by itself, which is cheap; then the whole gate, where another policy may hide the difference.
      if (!differ(askAlone(candidate))) continue;
      const verdicts = askAll(candidate);
      if (differ(verdicts)) return { candidate, gate: pair.strict, ...verdicts };
    }
  }
  return undefined;
}

function differ(verdicts: { readonly strict: Verdict; readonly upstream: Verdict }): boolean {
  return verdicts.strict.effect !== verdicts.upstream.effect;
}

/** The gate with this policy and what it closes, and nothing else. */
function onlyPolicy(binding: GateBinding, key: string): GateBinding {
  const policies = binding.policies.filter(({ policy }) => keyOf(policy) === key);
  const closures = binding.closures.filter(({ policy }) => policy.kind === 'AuthorizationPolicy' && keyOf(policy) === key);
  if (binding.gate !== 'ztunnel') return { ...binding, policies, closures, unbound: [] };
  return { ...binding, policies, closures, unbound: [], mtls: { mode: 'PERMISSIVE', ports: new Map() } };
}

function asker(pair: Pair, strict: Gates, upstream: Gates): (candidate: Candidate) => { strict: Verdict; upstream: Verdict } {
  const inStrict = decide(strict, pair.strict);
  const inUpstream = decide(upstream, pair.upstream);
  return (candidate) => ({ strict: inStrict(candidate), upstream: inUpstream(candidate) });
}

function decide({ inventory }: Gates, binding: GateBinding): (candidate: Candidate) => Verdict {
  if (binding.gate === 'ztunnel') {
    const decider = connectionDecider(inventory, binding);
    return ({ connection }) => decider.connection(connection);
  }
  const decider = requestDecider(inventory, binding);
  return ({ connection, request }) => decider.request(connection, request);
}

function surroundings(binding: GateBinding, { inventory }: Gates): Surroundings {
  const { trustDomain } = inventory.mesh;
  if (binding.gate === 'ztunnel') return { trustDomain, destinationIp: binding.workload.address, ports: binding.workload.ports };
  if (binding.gate === 'gateway') {
    return {
      trustDomain,
      destinationIp: binding.gateway.workload.address,
      ports: binding.gateway.resource.listeners.map((listener) => listener.port),
    };
  }
  const { target } = binding;
  if (!('hostname' in target)) return { trustDomain, destinationIp: target.address, ports: target.ports };
  const http = target.ports.filter((port) => port.protocol === 'http').map((port) => port.port);
  return { trustDomain, destinationIp: target.addresses[0] ?? '', ports: http };
}

function report(context: FindingContext, policy: AuthorizationPolicy, witness: Witness): void {
  const { strict, upstream, gate, candidate } = witness;
  const where = gate.gate === 'ztunnel' ? `the ztunnel of \`${gate.workload.key}\`` : `${gate.gate} \`${gate.gateway.key}\``;
  const sentence = { allow: 'allows', deny: 'denies' } as const;
  const message = `strict ${sentence[strict.effect]} and upstream ${sentence[upstream.effect]} at ${where}: ${describeCandidate(candidate, gate)}`;
  context.report('dialects-differ', policy.metadata.nameSpan, message, {
    hint: `strict: ${strict.reason}${strict.detail === undefined ? '' : ` (${strict.detail})`}; upstream: ${upstream.reason}${upstream.detail === undefined ? '' : ` (${upstream.detail})`}`,
  });
}
