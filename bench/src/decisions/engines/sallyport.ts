import * as policy from '@sallyport/policy';
import {
  bindWaypoint,
  bindZtunnel,
  buildInventory,
  type ConnectionDecider,
  connectionDecider,
  type Inventory,
  loadResources,
  type RequestDecider,
  requestDecider,
  strict,
} from '@sallyport/policy';
import type { BenchPolicy } from '../bench-policy.js';
import { benchMesh, modelPolicies } from '../model-policies.js';
import type { Question } from '../questions.js';
import type { Decider, PrepareEngine } from './engine.js';

// The policy package says by an export of this name that it has more than one engine; until it does, there is the interpreter.
const engines: unknown = Reflect.get(policy, 'engines');

/** Whether this build decides by tables. */
export const hasTables = typeof engines === 'object' && engines !== null && 'table' in engines;

/** Our own deciders, exactly as a gate calls them: attributes in, verdict out, normalisation of the path included. */
export function sallyport(name: 'table' | 'interpreter'): PrepareEngine<Question> {
  const options = hasTables ? [{ engine: Reflect.get(Object(engines), name) }] : [];
  return (policies, layer) => {
    const inventory = inventoryOf(policies, layer);
    return { build: () => (layer === 'ztunnel' ? ztunnelDecider(inventory, options) : waypointDecider(inventory, options)) };
  };
}

function ztunnelDecider(inventory: Inventory, options: readonly object[]): Decider<Question> {
  const binding = bindZtunnel(inventory, found(inventory.workloads.get('bench/app')));
  const decider: ConnectionDecider = Reflect.apply(connectionDecider, undefined, [inventory, binding, ...options]);
  return { translate: (question) => question, allows: ({ connection }) => decider.connection(connection).effect === 'allow' };
}

function waypointDecider(inventory: Inventory, options: readonly object[]): Decider<Question> {
  const gateway = found(inventory.gateways.get('bench/waypoint'));
  const binding = bindWaypoint(inventory, gateway, found(inventory.services.get('Service/bench/app')));
  const decider: RequestDecider = Reflect.apply(requestDecider, undefined, [inventory, binding, ...options]);
  return {
    translate: (question) => question,
    allows: ({ connection, request }) => request !== undefined && decider.request(connection, request).effect === 'allow',
  };
}

function inventoryOf(policies: readonly BenchPolicy[], layer: 'ztunnel' | 'waypoint'): Inventory {
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text: benchMesh }], strict);
  const invalid = diagnostics.find(({ severity }) => severity === 'error');
  if (invalid) throw new Error(`the mesh of the benchmark is invalid: ${invalid.message}`);
  return buildInventory({ ...set, resources: [...set.resources, ...modelPolicies(policies, layer)] }, strict).inventory;
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the mesh of the benchmark lacks what it should have');
  return value;
}
