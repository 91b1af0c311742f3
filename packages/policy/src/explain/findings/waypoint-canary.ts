import { canaryInForce, type NamedCanary, namedCanary } from '../../bind/resolve-canary.js';
import { resolveServiceWaypoint } from '../../bind/resolve-waypoint.js';
import type { Inventory, ServiceInfo } from '../../inventory/inventory.js';
import { type FindingContext, listNames } from '../finding-context.js';

interface Unused {
  readonly canary: NamedCanary;
  readonly problem: string;
  readonly services: string[];
}

/** A canary waypoint is named and gets no traffic: it cannot be used, or there is no waypoint whose traffic it could share (reference section 5.3, item 8). */
export function waypointCanary(context: FindingContext): void {
  const found = new Map<string, Unused>();
  for (const service of context.inventory.services.values()) {
    const canary = namedCanary(context.inventory, service);
    const problem = canary === undefined ? undefined : problemOf(context.inventory, service);
    if (canary === undefined || problem === undefined) continue;
    const key = `${canary.span.file}:${canary.span.start.offset}:${problem}`;
    const entry = found.get(key) ?? { canary, problem, services: [] };
    entry.services.push(service.hostname);
    found.set(key, entry);
  }
  for (const { canary, problem, services } of found.values()) {
    const message = `canary waypoint \`${canary.key}\` gets no traffic to ${listNames(services)}: ${problem}`;
    context.report('waypoint-canary', canary.span, message, {
      hint: 'correct the canary, or take its labels away: until then everything goes through the waypoint of `istio.io/use-waypoint`, where there is one',
    });
  }
}

/** The others are wanted, or another finding tells of them. */
const lacks: ReadonlySet<string> = new Set(['not-named', 'traffic-type']);

function problemOf(inventory: Inventory, service: ServiceInfo): string | undefined {
  const primary = resolveServiceWaypoint(inventory, service);
  if (primary.kind === 'refused') return undefined;
  if (primary.kind === 'none') return lacks.has(primary.why) ? 'there is no waypoint of which it could be the canary' : undefined;
  const canary = canaryInForce(inventory, service, primary.gateway);
  return canary.kind === 'refused' ? canary.problem : undefined;
}
