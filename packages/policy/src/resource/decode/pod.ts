import type { Pod } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';
import { decodePodSpec } from './pod-spec.js';
import { decodeAnnotatedTopology } from './proxy-config.js';

/** Decodes a Pod; one without status is one that a folder declares, and ready. */
export function decodePod(object: Fields, base: ResourceBase): Pod {
  object.require('spec', 'describe the pod: `spec: {serviceAccountName: …, containers: […]}`');
  const status = object.fields('status');
  const owner = decodeOwner(object);
  const topology = decodeAnnotatedTopology(object.fields('metadata')?.fields('annotations'));
  return {
    ...base,
    kind: 'Pod',
    spec: decodePodSpec(object.fields('spec')),
    addresses: status === undefined ? [] : decodeAddresses(status),
    ready: status === undefined || isReady(status),
    ...(owner === undefined ? {} : { owner }),
    ...(topology === undefined ? {} : { topology }),
  };
}

function decodeAddresses(status: Fields): string[] {
  const all = status.fieldsList('podIPs').flatMap((entry) => entry.string('ip') || []);
  const first = status.string('podIP');
  return all.length > 0 ? all : first ? [first] : [];
}

/** A status that says nothing about readiness (an empty one, or an address only) says nothing against it. */
function isReady(status: Fields): boolean {
  const phase = status.string('phase');
  if (phase === 'Succeeded' || phase === 'Failed') return false;
  const ready = status.fieldsList('conditions').find((condition) => condition.string('type') === 'Ready');
  return ready === undefined ? phase !== 'Pending' : ready.string('status') === 'True';
}

function decodeOwner(object: Fields): Pod['owner'] {
  const references = object.fields('metadata')?.fieldsList('ownerReferences') ?? [];
  const controller = references.find((reference) => reference.boolean('controller') === true);
  const kind = controller?.string('kind');
  const name = controller?.string('name');
  if (kind === undefined || name === undefined) return undefined;
  const hash = kind === 'ReplicaSet' ? name.lastIndexOf('-') : -1;
  return hash > 0 ? { kind: 'Deployment', name: name.slice(0, hash) } : { kind, name };
}
