import type { AllowedRoutes, Gateway, GatewayClass, Listener } from '../model/gateway-api.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';
import { decodeAnnotatedTopology } from './proxy-config.js';
import { decodeLabelSelector } from './selector.js';

const protocols = ['HTTP', 'HTTPS', 'TLS', 'TCP', 'HBONE', 'UDP', 'istio.io/PROXY'] as const;

/** Decodes a GatewayClass. */
export function decodeGatewayClass(object: Fields, base: ResourceBase): GatewayClass {
  const spec = object.fields('spec');
  return { ...base, kind: 'GatewayClass', controllerName: spec?.string('controllerName') ?? '' };
}

/** Decodes a Gateway with its listeners. One without any status is one that a folder declares. */
export function decodeGateway(object: Fields, base: ResourceBase): Gateway {
  object.require('spec', 'describe the gateway: `spec: {gatewayClassName: …, listeners: […]}`');
  const spec = object.fields('spec');
  spec?.require('gatewayClassName', '`istio-waypoint` for a waypoint, `istio` for an ingress gateway');
  const status = object.fields('status');
  const infrastructure = spec?.fields('infrastructure');
  const labels = infrastructure?.stringMap('labels')?.values;
  const annotations = infrastructure?.stringMap('annotations')?.values;
  const topology = decodeAnnotatedTopology(
    annotations === undefined ? object.fields('metadata')?.fields('annotations') : infrastructure?.fields('annotations'),
  );
  return {
    ...base,
    kind: 'Gateway',
    infrastructure: { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) },
    ...(topology === undefined ? {} : { topology }),
    gatewayClassName: spec?.string('gatewayClassName') ?? '',
    listeners: spec?.fieldsList('listeners').map((listener) => decodeListener(listener, base.metadata.namespace)) ?? [],
    ...(status === undefined ? {} : { statusAddresses: status.fieldsList('addresses').map(decodeAddress) }),
  };
}

function decodeAddress(address: Fields): { type: string; value: string } {
  return { type: address.string('type') ?? 'IPAddress', value: address.string('value') ?? '' };
}

function decodeListener(listener: Fields, namespace: string): Listener {
  for (const name of ['name', 'port', 'protocol']) listener.require(name, 'a listener has name, port and protocol');
  const hostname = listener.string('hostname');
  const tls = listener.fields('tls');
  return {
    name: listener.string('name') ?? '',
    port: listener.port('port') ?? 0,
    protocol: listener.oneOf('protocol', protocols) ?? 'TCP',
    ...(hostname ? { hostname } : {}),
    allowedRoutes: decodeAllowedRoutes(listener.fields('allowedRoutes')?.fields('namespaces')),
    ...(tls === undefined ? {} : { tls: decodeTls(tls, namespace) }),
    span: listener.span,
  };
}

function decodeAllowedRoutes(namespaces: Fields | undefined): AllowedRoutes {
  const from = namespaces?.oneOf('from', ['Same', 'All', 'Selector', 'None']) ?? 'Same';
  const selector = namespaces === undefined ? undefined : decodeLabelSelector(namespaces);
  return { from, ...(selector === undefined ? {} : { selector }) };
}

/** `frontendValidation` asks clients for certificates: ignoring it would admit those that have none. */
function decodeTls(tls: Fields, namespace: string): NonNullable<Listener['tls']> {
  if (tls.has('frontendValidation')) {
    tls.report('unsupported-listener', tls.spanOf('frontendValidation'), '`frontendValidation` is not supported', {
      hint: 'clients of a gateway cannot be asked for certificates yet',
    });
  }
  return {
    mode: tls.oneOf('mode', ['Terminate', 'Passthrough']) ?? 'Terminate',
    certificateRefs: tls.fieldsList('certificateRefs').map((ref) => {
      ref.require('name', 'name the Secret');
      return { namespace: ref.string('namespace') || namespace, name: ref.string('name') ?? '', span: ref.span };
    }),
  };
}
