import type { Controller, Pod } from '../resource/model/index.js';
import { LabelIndex, type Labels } from './labels.js';

/** A pod that a controller would make. */
export interface ExpandedPod {
  readonly name: string;
  readonly controller: Controller;
}

/**
 * The pods that a folder's controllers would make (design: "What a folder means"). A controller whose pods are in the
 * input, as in the output of `kubectl get`, makes none.
 */
export function expandControllers(controllers: readonly Controller[], pods: readonly Pod[]): ExpandedPod[] {
  const isOwner = ownership(pods);
  return controllers.filter((controller) => !isOwner(controller)).flatMap((controller) => podsOf(controller));
}

function podsOf(controller: Controller): ExpandedPod[] {
  return podNames(controller).map((name) => ({ name, controller }));
}

function podNames({ kind, replicas, metadata: { name } }: Controller): string[] {
  const count = kind === 'DaemonSet' ? 1 : replicas;
  if (count === 1 && kind !== 'StatefulSet') return [name];
  return Array.from({ length: count }, (_, ordinal) => `${name}-${ordinal}`);
}

/** Tells whether a controller owns a pod of the input: by owner reference, or by adopting an orphan that its selector matches. */
function ownership(pods: readonly Pod[]): (controller: Controller) => boolean {
  const owners = new Set(
    pods.flatMap(({ owner, metadata }) => (owner ? [ownerKey(owner.kind, metadata.namespace, owner.name)] : [])),
  );
  const orphans = new LabelIndex(
    pods
      .filter((pod) => pod.owner === undefined)
      .map(({ metadata }) => ({ namespace: metadata.namespace, labels: metadata.labels })),
  );
  return ({ kind, metadata: { namespace, name }, selector }) =>
    owners.has(ownerKey(kind, namespace, name)) || adopts(orphans, namespace, selector.matchLabels);
}

function adopts(orphans: LabelIndex<{ namespace: string; labels: Labels }>, namespace: string, selector: Labels): boolean {
  return Object.keys(selector).length > 0 && orphans.select(namespace, selector).length > 0;
}

/** A pod of a Deployment is owned by a ReplicaSet, which is read under the Deployment's name. */
function ownerKey(kind: string, namespace: string, name: string): string {
  return `${kind === 'ReplicaSet' ? 'Deployment' : kind}/${namespace}/${name}`;
}
