import type { Gateway } from '../resource/model/index.js';
import { gatewayKey, gatewayNameLabel } from './gateway-roles.js';
import type { GatewayInfo } from './inventory.js';
import { type Labels, ownValue } from './labels.js';
import { networkLabel } from './networks.js';
import type { WorkloadDraft } from './workload-draft.js';

/** The pod that the controller of a Gateway would make, named and labelled as Istio does it. */
export function draftOfGateway(gateway: Gateway, role: GatewayInfo['role']): WorkloadDraft {
  const { name, namespace, annotations } = gateway.metadata;
  const { infrastructure, topology } = gateway;
  const network = networkLabel(gateway.metadata.labels);
  const base = role === 'waypoint' ? name : `${name}-${gateway.gatewayClassName}`;
  return {
    kind: 'Gateway',
    namespace,
    name: base,
    ownerName: base,
    ownerKind: 'Deployment',
    labels: { ...(infrastructure.labels ?? gateway.metadata.labels), ...impliedLabels(gateway, role) },
    annotations: infrastructure.annotations ?? annotations,
    serviceAccount: ownValue(annotations, 'gateway.istio.io/service-account') ?? base,
    addresses: [],
    capture: 'gateway',
    ...(network === undefined ? {} : { network }),
    ready: true,
    ports: gateway.listeners.map((listener) => ({ name: listener.name, port: listener.port, protocol: 'TCP' })),
    gateway: gatewayKey(gateway),
    ...(topology === undefined ? {} : { topology }),
    span: gateway.span,
  };
}

function impliedLabels(gateway: Gateway, role: GatewayInfo['role']): Labels {
  const managed =
    role === 'waypoint'
      ? 'istio.io-mesh-controller'
      : role === 'east-west'
        ? 'istio.io-eastwest-controller'
        : 'istio.io-gateway-controller';
  return {
    [gatewayNameLabel]: gateway.metadata.name,
    'gateway.networking.k8s.io/gateway-class-name': gateway.gatewayClassName,
    'gateway.istio.io/managed': managed,
  };
}
