import type { Gateway, GatewayClass } from '../resource/model/index.js';
import { inboundBinding } from './application-tunnel.js';
import type { ApplicationTunnel, GatewayInfo } from './inventory.js';
import { type Labels, ownValue } from './labels.js';

/** The label that ties the pods and the Service of a gate to their Gateway. */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

type Role = GatewayInfo['role'];

const roleByController: ReadonlyMap<string, Role> = new Map([
  ['istio.io/mesh-controller', 'waypoint'],
  ['istio.io/eastwest-controller', 'east-west'],
  ['istio.io/gateway-controller', 'ingress'],
]);

const roleByClassName: ReadonlyMap<string, Role> = new Map([
  ['istio-waypoint', 'waypoint'],
  ['istio-east-west', 'east-west'],
  ['istio', 'ingress'],
]);

/** What kind of gate each Gateway is, by its class. */
export class GatewayRoles {
  readonly #classes: ReadonlyMap<string, GatewayClass>;
  readonly #roles = new Map<string, Role>();
  readonly #foreignWaypoints = new Map<string, ApplicationTunnel>();

  constructor(gateways: readonly Gateway[], classes: ReadonlyMap<string, GatewayClass>) {
    this.#classes = classes;
    for (const gateway of gateways) {
      const role = this.roleOf(gateway);
      this.#roles.set(gatewayKey(gateway), role);
      const tunnel = role === 'foreign' ? inboundBinding(gateway, classes.get(gateway.gatewayClassName)) : undefined;
      if (tunnel !== undefined) this.#foreignWaypoints.set(gatewayKey(gateway), tunnel);
    }
  }

  /** By the controller of the class where the class was read, else by the names that Istio's own classes have. */
  roleOf(gateway: Gateway): Role {
    const gatewayClass = this.#classes.get(gateway.gatewayClassName);
    const role = gatewayClass ? roleByController.get(gatewayClass.controllerName) : roleByClassName.get(gateway.gatewayClassName);
    return role ?? 'foreign';
  }

  /** Key of the Gateway that a pod serves; undefined for ordinary pods and for those of other implementations. */
  gatewayOf(pod: { readonly namespace: string; readonly labels: Labels }): string | undefined {
    const name = ownValue(pod.labels, gatewayNameLabel);
    if (name === undefined) return undefined;
    const key = `${pod.namespace}/${name}`;
    const role = this.#roles.get(key);
    return role === undefined || role === 'foreign' ? undefined : key;
  }

  /** The Gateway of another implementation that a pod serves as a waypoint behind its own ztunnel, where there is one. */
  foreignWaypointOf(pod: {
    readonly namespace: string;
    readonly labels: Labels;
  }): { readonly gateway: string; readonly applicationTunnel: ApplicationTunnel } | undefined {
    const gateway = `${pod.namespace}/${ownValue(pod.labels, gatewayNameLabel)}`;
    const applicationTunnel = this.#foreignWaypoints.get(gateway);
    return applicationTunnel === undefined ? undefined : { gateway, applicationTunnel };
  }

  /** What a waypoint serves: label on the Gateway, else on its class, else `service`; any other value serves nothing (section 5.3). */
  waypointFor(gateway: Gateway): GatewayInfo['waypointFor'] {
    const gatewayClass = this.#classes.get(gateway.gatewayClassName);
    const written =
      waypointForLabel(gateway.metadata.labels) ?? waypointForLabel(gatewayClass?.metadata.labels ?? {}) ?? 'service';
    return written === 'service' || written === 'workload' || written === 'all' ? written : 'none';
  }
}

/** `NAMESPACE/NAME`. */
export function gatewayKey({ metadata }: Gateway): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function waypointForLabel(labels: Labels): string | undefined {
  return ownValue(labels, 'istio.io/waypoint-for');
}
