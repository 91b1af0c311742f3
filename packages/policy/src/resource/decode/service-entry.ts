import type { ServiceEntry } from '../model/istio.js';
import type { ResourceBase } from '../model/metadata.js';
import { emptyRecord, type Fields } from './fields.js';

const locations = ['MESH_EXTERNAL', 'MESH_INTERNAL'] as const;
const resolutions = ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'] as const;

/** Decodes a ServiceEntry: a service that Kubernetes does not know. */
export function decodeServiceEntry(object: Fields, base: ResourceBase): ServiceEntry {
  object.require('spec', 'describe the service: `spec: {hosts: […], ports: […]}`');
  const spec = object.fields('spec');
  spec?.require('hosts', 'name the hosts of the service');
  const selector = spec?.fields('workloadSelector');
  const workloadSelector = selector?.stringMap('labels')?.values;
  const decoded: ServiceEntry = {
    ...base,
    kind: 'ServiceEntry',
    hosts: spec?.strings('hosts') ?? [],
    subjectAltNames: spec?.strings('subjectAltNames') ?? [],
    addresses: spec?.strings('addresses') ?? [],
    ports: spec?.fieldsList('ports').flatMap(decodePort) ?? [],
    location: spec?.oneOf('location', locations) ?? 'MESH_EXTERNAL',
    resolution: spec?.oneOf('resolution', resolutions) ?? 'NONE',
    endpoints: spec?.fieldsList('endpoints').map(decodeEndpoint) ?? [],
    ...(workloadSelector === undefined ? {} : { workloadSelector }),
    exportTo: spec?.strings('exportTo') ?? [],
  };
  selector?.refuseUnknown();
  spec?.refuseUnknown();
  return decoded;
}

function decodePort(port: Fields): ServiceEntry['ports'][number][] {
  port.require('number', 'write the port that clients connect to');
  port.require('name', 'name the port');
  const number = port.port('number');
  const targetPort = port.port('targetPort');
  const rest = { name: port.string('name') ?? '', protocol: port.string('protocol') || 'TCP' };
  port.refuseUnknown();
  return number === undefined ? [] : [{ ...rest, number, ...(targetPort ? { targetPort } : {}) }];
}

function decodeEndpoint(endpoint: Fields): ServiceEntry['endpoints'][number] {
  const serviceAccount = endpoint.string('serviceAccount');
  const decoded = {
    address: endpoint.string('address') ?? '',
    ports: endpoint.integerMap('ports', 1, 65_535),
    labels: endpoint.stringMap('labels')?.values ?? emptyRecord<string>(),
    ...(serviceAccount ? { serviceAccount } : {}),
  };
  endpoint.ignore('network', 'locality', 'weight');
  endpoint.refuseUnknown();
  return decoded;
}
