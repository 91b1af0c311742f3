import { decodeAuthorizationPolicy } from '../decode/authorization-policy.js';
import { decodeController } from '../decode/controller.js';
import { decodeEndpointSlice } from '../decode/endpoint-slice.js';
import { decodeGateway, decodeGatewayClass } from '../decode/gateway.js';
import { decodePeerAuthentication } from '../decode/peer-authentication.js';
import { decodePod } from '../decode/pod.js';
import { decodeRbacConfig } from '../decode/rbac-config.js';
import { decodeReferenceGrant } from '../decode/reference-grant.js';
import { decodeRequestAuthentication } from '../decode/request-authentication.js';
import { decodeHttpRoute, decodeTcpRoute, decodeTlsRoute } from '../decode/route.js';
import { decodeSecret } from '../decode/secret.js';
import { decodeService } from '../decode/service.js';
import { decodeServiceEntry } from '../decode/service-entry.js';
import { decodeServiceRole } from '../decode/service-role.js';
import { decodeServiceRoleBinding } from '../decode/service-role-binding.js';
import { decodeWorkloadEntry } from '../decode/workload-entry.js';
import type { Namespace, ServiceAccount } from '../model/kubernetes.js';
import { validateAuthorizationPolicy } from '../validate/authorization-policy.js';
import { validateController } from '../validate/controller.js';
import { validateGateway } from '../validate/gateway.js';
import { validatePeerAuthentication } from '../validate/peer-authentication.js';
import { validatePod } from '../validate/pod.js';
import { validateRbacConfig } from '../validate/rbac-config.js';
import { validateRequestAuthentication } from '../validate/request-authentication.js';
import { validateEndpointSlice, validateService } from '../validate/service.js';
import { validateServiceEntry } from '../validate/service-entry.js';
import { validateServiceRole } from '../validate/service-role.js';
import { validateServiceRoleBinding } from '../validate/service-role-binding.js';
import { validateTlsRoute } from '../validate/tls-route.js';
import { checkInboundBinding } from '../validate/values/inbound-binding.js';
import { validateWorkloadEntry } from '../validate/workload-entry.js';
import { defineKind, type Kind } from './kind.js';

const security = { group: 'security.istio.io', versions: ['v1', 'v1beta1'], scope: 'namespaced', owner: 'istio' } as const;
const rbac = { group: 'rbac.istio.io', versions: ['v1alpha1'], scope: 'namespaced', owner: 'istio-v1alpha1' } as const;
const networking = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  scope: 'namespaced',
  owner: 'istio',
} as const;
const gateways = {
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1', 'v1alpha2'],
  scope: 'namespaced',
  owner: 'gateway-api',
} as const;
const core = { group: '', versions: ['v1'], scope: 'namespaced', owner: 'kubernetes' } as const;
const apps = { ...core, group: 'apps' } as const;
const discovery = { ...core, group: 'discovery.k8s.io', versions: ['v1', 'v1beta1'] } as const;

/** Every kind that is read. */
const kinds: readonly Kind[] = [
  defineKind({
    ...security,
    name: 'AuthorizationPolicy',
    decode: decodeAuthorizationPolicy,
    validate: validateAuthorizationPolicy,
  }),
  defineKind({ ...security, name: 'PeerAuthentication', decode: decodePeerAuthentication, validate: validatePeerAuthentication }),
  defineKind({
    ...security,
    name: 'RequestAuthentication',
    decode: decodeRequestAuthentication,
    validate: validateRequestAuthentication,
  }),
  defineKind({
    ...rbac,
    name: 'ClusterRbacConfig',
    scope: 'cluster',
    decode: decodeRbacConfig('ClusterRbacConfig'),
    validate: validateRbacConfig,
  }),
  defineKind({ ...rbac, name: 'RbacConfig', decode: decodeRbacConfig('RbacConfig'), validate: validateRbacConfig }),
  defineKind({ ...rbac, name: 'ServiceRole', decode: decodeServiceRole, validate: validateServiceRole }),
  defineKind({ ...rbac, name: 'ServiceRoleBinding', decode: decodeServiceRoleBinding, validate: validateServiceRoleBinding }),
  defineKind({ ...networking, name: 'ServiceEntry', decode: decodeServiceEntry, validate: validateServiceEntry }),
  defineKind({ ...networking, name: 'WorkloadEntry', decode: decodeWorkloadEntry, validate: validateWorkloadEntry }),
  defineKind({ ...gateways, name: 'Gateway', decode: decodeGateway, validate: validateGateway }),
  defineKind({
    ...gateways,
    name: 'GatewayClass',
    scope: 'cluster',
    decode: decodeGatewayClass,
    validate: checkInboundBinding,
  }),
  defineKind({ ...gateways, name: 'HTTPRoute', decode: decodeHttpRoute }),
  defineKind({ ...gateways, name: 'TCPRoute', decode: decodeTcpRoute }),
  // Its older versions have outlived the others'.
  defineKind({
    ...gateways,
    name: 'TLSRoute',
    versions: [...gateways.versions, 'v1alpha3'],
    decode: decodeTlsRoute,
    validate: validateTlsRoute,
  }),
  defineKind({ ...gateways, name: 'ReferenceGrant', decode: decodeReferenceGrant }),
  defineKind<Namespace>({ ...core, name: 'Namespace', scope: 'cluster', decode: (_, base) => ({ ...base, kind: 'Namespace' }) }),
  defineKind<ServiceAccount>({ ...core, name: 'ServiceAccount', decode: (_, base) => ({ ...base, kind: 'ServiceAccount' }) }),
  defineKind({ ...core, name: 'Pod', decode: decodePod, validate: validatePod }),
  defineKind({ ...core, name: 'Service', decode: decodeService, validate: validateService }),
  defineKind({ ...core, name: 'Secret', decode: decodeSecret }),
  defineKind({ ...discovery, name: 'EndpointSlice', decode: decodeEndpointSlice, validate: validateEndpointSlice }),
  defineKind({ ...apps, name: 'Deployment', decode: decodeController('Deployment'), validate: validateController }),
  defineKind({ ...apps, name: 'StatefulSet', decode: decodeController('StatefulSet'), validate: validateController }),
  defineKind({ ...apps, name: 'DaemonSet', decode: decodeController('DaemonSet'), validate: validateController }),
];

const byName = new Map(kinds.map((kind) => [`${kind.group}/${kind.name}`, kind]));

/** A kind of Istio's older generation, which upstream's reader of the time knew by its name alone (legacy reference section 1.1). */
export function findOlderKind(name: string): Kind | undefined {
  return findKind(rbac.group, name);
}

/** A kind that is read, whatever the version; undefined for all others. */
export function findKind(group: string, name: string): Kind | undefined {
  return byName.get(`${group}/${name}`);
}
