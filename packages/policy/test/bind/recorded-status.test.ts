import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WaypointResolution } from '../../src/bind/binding.js';
import { resolveServiceWaypoint } from '../../src/bind/resolve-waypoint.js';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';

/** The conditions that istiod wrote on Services and ServiceEntries: which waypoint each has, and if none, why. */
const recorded = join(import.meta.dirname, '../../../../../shared/recorded');

interface Status {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message?: string;
  }[];
}

interface Entry {
  readonly case: string;
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly meshConfig?: object;
  readonly manifests?: string;
  readonly rejected?: unknown;
  readonly statuses: readonly Status[];
}

function inventoryOf(entry: Entry): Inventory {
  const source =
    entry.manifests === undefined ? JSON.parse(readFileSync(join(recorded, 'ambient', `${entry.case}.json`), 'utf8')) : entry;
  const dialect: Dialect = { name: 'upstream', flags: {} };
  const meshConfig = JSON.stringify(source.meshConfig ?? {});
  const files = [
    { path: 'mesh.yaml', text: source.manifests },
    { path: 'meshconfig.json', text: meshConfig },
  ];
  return buildInventory(loadResources(files, dialect).set, dialect).inventory;
}

/** What upstream's condition says, in our words; undefined where it says nothing about waypoints. */
function recordedResolution({ conditions }: Status): string | undefined {
  const condition = conditions.find(({ type }) => type === 'istio.io/WaypointBound');
  if (condition === undefined) return conditions.length === 0 ? 'none' : undefined;
  if (condition.status === 'True')
    return (condition.message ?? '').replace('Successfully attached to waypoint ', '').split('.')[0];
  return condition.reason === 'UnsupportedTrafficType' ? 'traffic-type' : 'unusable';
}

function ourResolution(resolution: WaypointResolution): string {
  if (resolution.kind === 'bound') return resolution.gateway.key;
  if (resolution.kind === 'refused') return 'refused';
  return resolution.why === 'traffic-type' || resolution.why === 'unusable' ? resolution.why : 'none';
}

/** A folder reads a Gateway without status as ready, a cluster does not: not to be compared. */
function isAboutUnreportedGateway({ gateways }: Inventory, { conditions }: Status): boolean {
  const named = conditions.map(({ message }) => gateways.get((message ?? '').split('"')[1] ?? ''));
  return named.some((gateway) => gateway !== undefined && gateway.resource.statusAddresses === undefined);
}

function compare(entry: Entry): string[] {
  const inventory = inventoryOf(entry);
  return entry.statuses.flatMap((status) => {
    const expected = recordedResolution(status);
    const found = [...inventory.services.values()].find(
      (service) => service.kind === status.kind && service.namespace === status.namespace && service.name === status.name,
    );
    if (expected === undefined || found === undefined || isAboutUnreportedGateway(inventory, status)) return [];
    const actual = ourResolution(resolveServiceWaypoint(inventory, found));
    const line = `${entry.case} ${status.kind} ${status.namespace}/${status.name}: ${actual}`;
    return [actual === expected ? line : `${line}, recorded ${expected}`];
  });
}

describe.skipIf(!existsSync(recorded))('the conditions that istiod wrote (skipped where the recordings are absent)', () => {
  it('name the waypoint that every service has here, or the same lack of one', () => {
    const entries: Entry[] = JSON.parse(readFileSync(join(recorded, 'status.json'), 'utf8'));
    const lines = entries.filter(({ rejected }) => rejected === undefined).flatMap(compare);
    expect(lines.filter((line) => line.includes('recorded'))).toEqual([]);
    expect(lines.length).toBeGreaterThan(1000);
  });
});
