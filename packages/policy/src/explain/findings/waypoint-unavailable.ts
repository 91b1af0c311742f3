import type { WaypointResolution } from '../../bind/binding.js';
import { resolveServiceWaypoint, resolveWorkloadWaypoint } from '../../bind/resolve-waypoint.js';
import type { Inventory } from '../../inventory/inventory.js';
import { type FindingContext, listNames } from '../finding-context.js';

type Refused = Extract<WaypointResolution, { kind: 'refused' }>;

/** A waypoint is named and cannot be used (reference section 5.3): closed in `strict`, passed by in `upstream`. */
export function waypointUnavailable(context: FindingContext): void {
  const inventory = context.gatesOf('strict')?.inventory;
  if (inventory === undefined) return;
  const found = new Map<string, { refused: Refused; objects: string[] }>();
  for (const [name, resolution] of resolutions(inventory)) {
    if (resolution.kind !== 'refused') continue;
    const { span } = resolution;
    const key = `${span.file}:${span.start.offset}:${resolution.named}:${resolution.why}`;
    const entry = found.get(key) ?? { refused: resolution, objects: [] };
    entry.objects.push(name);
    found.set(key, entry);
  }
  for (const { refused, objects } of found.values()) report(context, refused, objects);
}

function* resolutions(inventory: Inventory): Generator<readonly [string, WaypointResolution]> {
  for (const service of inventory.services.values()) yield [service.hostname, resolveServiceWaypoint(inventory, service)];
  for (const workload of inventory.workloads.values()) {
    if (workload.capture === 'captured') yield [workload.key, resolveWorkloadWaypoint(inventory, workload)];
  }
}

const causes: Readonly<Record<Refused['why'], string>> = {
  missing: 'does not exist',
  'not-ready': 'has no address yet',
  'not-allowed': 'does not allow routes from this namespace',
  'not-a-waypoint': 'is not a waypoint',
};

function report(context: FindingContext, refused: Refused, objects: readonly string[]): void {
  const outcome =
    context.inventory.dialect.name === 'strict' ? 'traffic is refused' : 'traffic goes straight to the pods, past its policies';
  const message = `waypoint \`${refused.named}\` ${causes[refused.why]}: ${outcome} to ${listNames(objects)}`;
  context.report('waypoint-unavailable', refused.span, message, {
    hint: 'declare the Gateway, or write `istio.io/use-waypoint: none`',
  });
}
