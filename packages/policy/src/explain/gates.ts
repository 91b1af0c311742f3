import { bindGateway } from '../bind/bind-gateway.js';
import { bindWaypoint } from '../bind/bind-waypoint.js';
import { bindZtunnel } from '../bind/bind-ztunnel.js';
import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import { waypointsOf } from '../bind/resolve-canary.js';
import { resolveWorkloadWaypoint } from '../bind/resolve-waypoint.js';
import type { ConnectionDecider } from '../decide/decider.js';
import { connectionDecider } from '../decide/index.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';

/** A service with the waypoint in front of it, and what that waypoint enforces for it. */
export interface Front {
  readonly service: ServiceInfo;
  readonly gateway: GatewayInfo;
  readonly binding: WaypointBinding;
  /** All waypoints of the service, this one among them. */
  readonly waypoints: readonly GatewayInfo[];
  /** Of a canary: the front of the service's own waypoint. */
  readonly primary?: Front;
}

/** Every gate of an inventory with what it enforces, each bound once: the findings ask the same gates again and again. */
export class Gates {
  readonly inventory: Inventory;
  readonly #ztunnels = new Map<string, ZtunnelBinding>();
  readonly #deciders = new WeakMap<GateBinding, ConnectionDecider>();
  #captured: readonly Workload[] | undefined;
  #fronts: readonly Front[] | undefined;
  #gateways: readonly GatewayBinding[] | undefined;
  #workloadFronts: readonly WaypointBinding[] | undefined;

  constructor(inventory: Inventory) {
    this.inventory = inventory;
  }

  /** The workloads that have a ztunnel. */
  get captured(): readonly Workload[] {
    this.#captured ??= [...this.inventory.workloads.values()].filter((workload) => workload.capture === 'captured');
    return this.#captured;
  }

  ztunnel(workload: Workload): ZtunnelBinding {
    const known = this.#ztunnels.get(workload.key);
    if (known !== undefined) return known;
    const binding = bindZtunnel(this.inventory, workload);
    this.#ztunnels.set(workload.key, binding);
    return binding;
  }

  decider(binding: GateBinding): ConnectionDecider {
    const known = this.#deciders.get(binding);
    if (known !== undefined) return known;
    const decider = connectionDecider(this.inventory, binding);
    this.#deciders.set(binding, decider);
    return decider;
  }

  /** Services with a usable waypoint: one for each that serves it, its own before its canary. */
  get fronts(): readonly Front[] {
    this.#fronts ??= [...this.inventory.services.values()].flatMap((service) => {
      const waypoints = waypointsOf(this.inventory, service).map(({ gateway }) => gateway);
      const fronts = waypoints.map((gateway): Front => {
        return { service, gateway, binding: bindWaypoint(this.inventory, gateway, service), waypoints };
      });
      const [primary, ...canaries] = fronts;
      return primary === undefined ? [] : [primary, ...canaries.map((front) => ({ ...front, primary }))];
    });
    return this.#fronts;
  }

  /** What waypoints enforce on workload-addressed traffic. */
  get workloadFronts(): readonly WaypointBinding[] {
    this.#workloadFronts ??= this.captured.flatMap((workload) => {
      const waypoint = resolveWorkloadWaypoint(this.inventory, workload);
      return waypoint.kind === 'bound' ? [bindWaypoint(this.inventory, waypoint.gateway, workload)] : [];
    });
    return this.#workloadFronts;
  }

  get gateways(): readonly GatewayBinding[] {
    this.#gateways ??= [...this.inventory.gateways.values()]
      .filter((gateway) => gateway.role === 'ingress')
      .map((gateway) => bindGateway(this.inventory, gateway));
    return this.#gateways;
  }

  /** The ztunnel of every workload that has one. */
  *ztunnels(): Generator<ZtunnelBinding> {
    for (const workload of this.captured) yield this.ztunnel(workload);
  }

  /** Every gate that enforces policy. */
  *all(): Generator<GateBinding> {
    yield* this.ztunnels();
    for (const front of this.fronts) yield front.binding;
    yield* this.workloadFronts;
    yield* this.gateways;
  }
}
