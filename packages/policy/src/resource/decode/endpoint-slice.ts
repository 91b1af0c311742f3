import type { EndpointSlice } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';

/** Decodes an EndpointSlice. An endpoint whose readiness is unknown counts as ready, as Kubernetes asks of readers. */
export function decodeEndpointSlice(object: Fields, base: ResourceBase): EndpointSlice {
  const serviceName = base.metadata.labels['kubernetes.io/service-name'];
  return {
    ...base,
    kind: 'EndpointSlice',
    ...(serviceName === undefined ? {} : { serviceName }),
    endpoints: object.fieldsList('endpoints').map(decodeEndpoint),
    ports: object.fieldsList('ports').flatMap(decodePort),
  };
}

function decodeEndpoint(endpoint: Fields): EndpointSlice['endpoints'][number] {
  const target = decodeTarget(endpoint.fields('targetRef'));
  return {
    addresses: endpoint.strings('addresses'),
    ready: endpoint.fields('conditions')?.boolean('ready') ?? true,
    ...(target === undefined ? {} : { target }),
  };
}

function decodeTarget(target: Fields | undefined): EndpointSlice['endpoints'][number]['target'] {
  const kind = target?.string('kind');
  const name = target?.string('name');
  const namespace = target?.string('namespace');
  return kind === undefined || name === undefined ? undefined : { kind, ...(namespace ? { namespace } : {}), name };
}

/** A port without a number means every port, which no gate could serve; it is left out. */
function decodePort(port: Fields): EndpointSlice['ports'][number][] {
  const number = port.port('port');
  const name = port.string('name');
  return number === undefined ? [] : [{ ...(name ? { name } : {}), port: number }];
}
