import {
  bindWaypoint,
  bindZtunnel,
  buildInventory,
  type ConnectionAttributes,
  connectionDecider,
  type DeciderOptions,
  engines,
  type Inventory,
  loadResources,
  ReadConnection,
  ReadRequest,
  requestDecider,
  strict,
} from '@sallyport/policy';
import type { BenchPolicy } from '../bench-policy.js';
import { benchMesh, modelPolicies } from '../model-policies.js';
import type { Question } from '../questions.js';
import type { Decider, PrepareEngine } from './engine.js';

/** Our own deciders, exactly as a gate calls them: attributes in, a request as its parser has read it, and verdict out. */
export function sallyport(name: 'table' | 'interpreter'): PrepareEngine<Question> {
  const options = { engine: engines[name] };
  return (policies, layer) => {
    const inventory = inventoryOf(policies, layer);
    return { build: () => (layer === 'ztunnel' ? ztunnelDecider(inventory, options) : waypointDecider(inventory, options)) };
  };
}

function ztunnelDecider(inventory: Inventory, options: DeciderOptions): Decider<Question> {
  const binding = bindZtunnel(inventory, found(inventory.workloads.get('bench/app')));
  const decider = connectionDecider(inventory, binding, options);
  return { translate: (question) => question, allows: ({ connection }) => decider.connection(connection).effect === 'allow' };
}

function waypointDecider(inventory: Inventory, options: DeciderOptions): Decider<Question> {
  const gateway = found(inventory.gateways.get('bench/waypoint'));
  const binding = bindWaypoint(inventory, gateway, found(inventory.services.get('Service/bench/app')));
  const decider = requestDecider(inventory, binding, options);
  // A connection that is kept is the same object for all its requests.
  const read = new WeakMap<ConnectionAttributes, ConnectionAttributes>();
  const readOnce = (connection: ConnectionAttributes): ConnectionAttributes => {
    const known = read.get(connection) ?? new ReadConnection(connection);
    read.set(connection, known);
    return known;
  };
  return {
    translate: ({ effect, connection, request }) => ({
      effect,
      connection: readOnce(connection),
      ...(request === undefined ? {} : { request: new ReadRequest(request) }),
    }),
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
