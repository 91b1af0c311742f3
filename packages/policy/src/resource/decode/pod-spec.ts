import type { ContainerPort, PodSpec } from '../model/kubernetes.js';
import type { Fields } from './fields.js';

const protocols = ['TCP', 'UDP', 'SCTP'] as const;

/** Reads the part of a pod specification that decides who a workload is and where it listens. */
export function decodePodSpec(spec: Fields | undefined): PodSpec {
  if (spec === undefined) return { serviceAccountName: 'default', hostNetwork: false, ports: [] };
  const written = spec.string('serviceAccountName') || spec.string('serviceAccount');
  return {
    serviceAccountName: written || 'default',
    hostNetwork: spec.boolean('hostNetwork') ?? false,
    ports: [...spec.fieldsList('containers'), ...sidecars(spec)].flatMap((container) =>
      container.fieldsList('ports').flatMap(decodeContainerPort),
    ),
  };
}

/** Init containers that keep running beside the others. */
function sidecars(spec: Fields): Fields[] {
  return spec.fieldsList('initContainers').filter((container) => container.string('restartPolicy') === 'Always');
}

function decodeContainerPort(port: Fields): ContainerPort[] {
  port.require('containerPort', 'write the port that the container listens on');
  const number = port.port('containerPort');
  const name = port.string('name');
  const protocol = port.oneOf('protocol', protocols) ?? 'TCP';
  return number === undefined ? [] : [{ ...(name ? { name } : {}), port: number, protocol }];
}
