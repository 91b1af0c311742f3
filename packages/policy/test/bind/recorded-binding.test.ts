import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptAtWaypoint } from '../../src/bind/accept.js';
import { authorityOf } from '../../src/bind/authority.js';
import { bindGateway } from '../../src/bind/bind-gateway.js';
import { bindWaypoint } from '../../src/bind/bind-waypoint.js';
import { bindZtunnel } from '../../src/bind/bind-ztunnel.js';
import type { GateBinding, ZtunnelBinding } from '../../src/bind/binding.js';
import { resolveServiceWaypoint, resolveWorkloadWaypoint } from '../../src/bind/resolve-waypoint.js';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../../src/inventory/inventory.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';

/** Verdicts that the real software gave: every policy that decided one has to be bound to the gate that gave it. */
const recorded = join(import.meta.dirname, '../../../../../shared/recorded');

interface Query {
  readonly id: string;
  readonly gate: 'ztunnel' | 'waypoint' | 'gateway';
  readonly workload?: string;
  readonly target?: { readonly kind: string; readonly namespace: string; readonly name: string; readonly port: number };
  readonly source: { readonly identity?: string | null };
  readonly destination?: { readonly port: number };
  readonly expect: { readonly effect: 'allow' | 'deny'; readonly policy?: string | null };
}

interface RecordedCase {
  readonly manifests: string;
  readonly meshConfig?: object;
  readonly flags?: Readonly<Record<string, string>>;
  readonly queries: readonly Query[];
}

function inventoryOf({ manifests, meshConfig, flags }: RecordedCase): Inventory {
  const dialect: Dialect = { name: 'upstream', flags: flags ?? {} };
  const files = [
    { path: 'mesh.yaml', text: manifests },
    ...(meshConfig === undefined ? [] : [{ path: 'meshconfig.json', text: JSON.stringify(meshConfig) }]),
  ];
  const { set, diagnostics } = loadResources(files, dialect);
  expect(diagnostics.filter(({ kind, severity }) => kind === 'invalid' && severity === 'error')).toEqual([]);
  return buildInventory(set, dialect).inventory;
}

function targetOf(inventory: Inventory, { kind, namespace, name }: NonNullable<Query['target']>): ServiceInfo | Workload {
  const found =
    kind === 'Pod'
      ? inventory.workloads.get(`${namespace}/${name}`)
      : [...inventory.services.values()].find(
          (service) => service.kind === kind && service.namespace === namespace && service.name === name,
        );
  if (found === undefined) throw new Error(`no ${kind} ${namespace}/${name}`);
  return found;
}

function waypointOf(inventory: Inventory, target: ServiceInfo | Workload): GatewayInfo {
  const resolution =
    'workloads' in target ? resolveServiceWaypoint(inventory, target) : resolveWorkloadWaypoint(inventory, target);
  if (resolution.kind !== 'bound') throw new Error(`${target.key}: ${JSON.stringify(resolution)}`);
  return resolution.gateway;
}

function bindingOf(inventory: Inventory, query: Query): GateBinding {
  if (query.gate === 'ztunnel') {
    const workload = inventory.workloads.get(query.workload ?? '');
    if (workload === undefined) throw new Error(`no workload ${query.workload}`);
    return bindZtunnel(inventory, workload);
  }
  if (query.target === undefined) throw new Error('no target');
  if (query.gate === 'gateway') {
    const gateway = inventory.gateways.get(`${query.target.namespace}/${query.target.name}`);
    if (gateway === undefined) throw new Error(`no gateway ${query.target.name}`);
    return bindGateway(inventory, gateway);
  }
  const target = targetOf(inventory, query.target);
  const gateway = waypointOf(inventory, target);
  const address = 'workloads' in target ? (target.addresses[0] ?? '') : target.address;
  expect(acceptAtWaypoint(inventory, gateway, authorityOf(address, query.target.port))).not.toMatchObject({ kind: 'refused' });
  return bindWaypoint(inventory, gateway, target);
}

function check(query: Query, inventory: Inventory): void {
  const binding = bindingOf(inventory, query);
  if (binding.gate === 'ztunnel') checkMtls(query, binding);
  const decided = query.expect.policy ?? '';
  if (decided === '' || isConverted(decided)) return;
  const names = binding.policies.map(({ policy: { metadata } }) => `${metadata.namespace}/${metadata.name}`);
  expect(names, query.id).toContain(decided);
}

/** Upstream turns PeerAuthentications into policies of these names. */
function isConverted(policy: string): boolean {
  return policy.includes('/istio_converted_static_strict') || policy.includes('/converted_peer_authentication_');
}

function checkMtls({ id, source, destination, expect: { effect, policy } }: Query, { mtls }: ZtunnelBinding): void {
  if (source.identity != null) return;
  const mode = mtls.ports.get(destination?.port ?? 0)?.mode ?? mtls.mode;
  if (isConverted(policy ?? '')) expect(mode, id).toBe('STRICT');
  else if (effect === 'allow') expect(mode, id).toBe('PERMISSIVE');
}

describe.skipIf(!existsSync(recorded))('what the real software recorded (skipped where the recordings are absent)', () => {
  it.each(['ambient', 'ambient-http'])('every deciding policy of %s is bound to the gate that decided', (folder) => {
    const failures: string[] = [];
    let checked = 0;
    for (const file of readdirSync(join(recorded, folder))) {
      const recordedCase: RecordedCase = JSON.parse(readFileSync(join(recorded, folder, file), 'utf8'));
      try {
        const inventory = inventoryOf(recordedCase);
        for (const query of recordedCase.queries) {
          check(query, inventory);
          checked++;
        }
      } catch (error) {
        failures.push(`${file}: ${String(error).slice(0, 300)}`);
      }
    }
    expect(failures).toEqual([]);
    expect(checked).toBeGreaterThan(1000);
  });
});
