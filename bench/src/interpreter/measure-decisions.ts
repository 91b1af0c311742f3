import { performance } from 'node:perf_hooks';
import {
  bindWaypoint,
  bindZtunnel,
  buildInventory,
  type ConnectionAttributes,
  connectionDecider,
  type Inventory,
  loadResources,
  requestDecider,
  strict,
  type Verdict,
} from '@sallyport/policy';
import { accountOf, benchManifests } from './bench-manifests.js';

/** How long one sample runs. */
const sampleMilliseconds = 100;

/**
 * Decisions per second with so many rules in force, one sample for every tenth of a second. Clients take turns, so that the rule that
 * matches is spread over all of them; every verdict is looked at.
 */
export function measureDecisions(rules: number, layer: 'l4' | 'l7', milliseconds: number): number[] {
  const decide = layer === 'l4' ? ztunnelDecision(inventoryOf(rules, layer)) : waypointDecision(inventoryOf(rules, layer));
  const next = turns(rules);
  const samples: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) samples.push(runFor(sampleMilliseconds, () => decide(next())));
  // The first sample holds the compilation of the code.
  return samples.length > 1 ? samples.slice(1) : samples;
}

function runFor(milliseconds: number, decide: () => Verdict): number {
  const began = performance.now();
  let decisions = 0;
  do {
    const verdict = decide();
    if (verdict.effect !== 'allow') throw new Error(`a request of the benchmark was denied: ${verdict.reason}`);
    decisions += 1;
  } while (performance.now() - began < milliseconds);
  return (decisions * 1000) / (performance.now() - began);
}

/** Steps through all rules in an order that is neither first to last nor random: the same for every run. */
function turns(rules: number): () => number {
  const step = Math.max(1, Math.floor(rules * 0.618));
  let turn = 0;
  return () => {
    turn = (turn + step) % rules;
    return turn;
  };
}

function ztunnelDecision(inventory: Inventory): (rule: number) => Verdict {
  const decider = connectionDecider(inventory, bindZtunnel(inventory, found(inventory.workloads.get('bench/app'))));
  return (rule) => decider.connection(connectionOf(rule));
}

function waypointDecision(inventory: Inventory): (rule: number) => Verdict {
  const gateway = found(inventory.gateways.get('bench/waypoint'));
  const service = found(inventory.services.get('Service/bench/app'));
  const decider = requestDecider(inventory, bindWaypoint(inventory, gateway, service));
  return (rule) =>
    decider.request(connectionOf(rule), {
      method: 'GET',
      path: `/rule/${rule}/orders?page=1`,
      authority: 'app.bench:8080',
      headers: [
        ['user-agent', 'bench'],
        ['accept', '*/*'],
      ],
      httpVersion: 1,
    });
}

function connectionOf(rule: number): ConnectionAttributes {
  return {
    identity: `spiffe://cluster.local/ns/clients/sa/${accountOf(rule)}`,
    sourceIp: '10.0.0.1',
    destinationIp: '10.0.0.2',
    destinationPort: 8080,
  };
}

function inventoryOf(rules: number, layer: 'l4' | 'l7'): Inventory {
  const { set, diagnostics } = loadResources(benchManifests(rules, layer), strict);
  const invalid = diagnostics.find(({ severity }) => severity === 'error');
  if (invalid) throw new Error(`the manifests of the benchmark are invalid: ${invalid.message}`);
  return buildInventory(set, strict).inventory;
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the mesh of the benchmark lacks what it should have');
  return value;
}
