import type { Service, ServicePort } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import { describeNode, spanOf } from '../parse/node.js';
import type { Fields } from './fields.js';

const types = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const protocols = ['TCP', 'UDP', 'SCTP'] as const;

/** Decodes a Service. An empty selector is none: Kubernetes then leaves the endpoints to whoever writes them. */
export function decodeService(object: Fields, base: ResourceBase): Service {
  object.require('spec', 'describe the service: `spec: {selector: …, ports: […]}`');
  const spec = object.fields('spec');
  const selector = spec?.stringMap('selector')?.values;
  const externalName = spec?.string('externalName');
  return {
    ...base,
    kind: 'Service',
    type: spec?.oneOf('type', types) ?? 'ClusterIP',
    clusterIPs: spec === undefined ? [] : decodeClusterIps(spec),
    ...(selector === undefined || Object.keys(selector).length === 0 ? {} : { selector }),
    ports: spec?.fieldsList('ports').flatMap(decodePort) ?? [],
    ...(externalName ? { externalName } : {}),
  };
}

function decodeClusterIps(spec: Fields): string[] {
  const all = spec.strings('clusterIPs').filter((address) => address !== '');
  const first = spec.string('clusterIP');
  return all.length > 0 ? all : first ? [first] : [];
}

function decodePort(port: Fields): ServicePort[] {
  port.require('port', 'write the port that clients connect to');
  const number = port.port('port');
  const name = port.string('name');
  const appProtocol = port.string('appProtocol');
  const targetPort = decodeTargetPort(port);
  const protocol = port.oneOf('protocol', protocols) ?? 'TCP';
  if (number === undefined) return [];
  return [
    {
      ...(name ? { name } : {}),
      port: number,
      targetPort: targetPort ?? number,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    },
  ];
}

/** A number, or the name of a container port; 0 and '' mean the service port. */
function decodeTargetPort(port: Fields): number | string | undefined {
  const node = port.value('targetPort');
  if (node === undefined) return undefined;
  if (node.kind === 'scalar' && typeof node.value === 'number') return port.integer('targetPort', 0, 65_535) || undefined;
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value || undefined;
  return port.report('wrong-type', spanOf(node), `\`${port.path}.targetPort\` is ${describeNode(node)}, not a port`, {
    hint: 'write a port number or the name of a container port',
  });
}
