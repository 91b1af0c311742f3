import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  check,
  type Inventory,
  resolveServiceWaypoint,
  resolveWorkloadWaypoint,
  type SourceFile,
  waypointsOf,
} from '@sallyport/policy';
import { askGate } from '../../src/cases/ask-gate.js';
import { type EditedFolder, editedFiles } from '../../src/generate/arbitrary-edit.js';
import type { World } from '../../src/generate/arbitrary-world.js';

/** The files that a folder consists of. */
export function filesOf({ objects, meshConfig, broken }: EditedFolder): readonly SourceFile[] {
  const files = editedFiles.map((path) => {
    const own = objects.filter(({ file }) => file === path).map(({ manifest }) => JSON.stringify(manifest, null, 1));
    return { path, text: own.join('\n---\n') };
  });
  return [
    ...files.filter(({ text }) => text !== ''),
    { path: 'meshconfig.yaml', text: JSON.stringify(meshConfig) },
    ...(broken ? [{ path: 'z.yaml', text: 'kind: [' }] : []),
  ];
}

/** Everything that an inventory says, and everything that is derived from it. */
export function pictureOf(inventory: Inventory, queries: World['queries']): unknown {
  const { namespaceLabels, ...data } = inventory;
  const workloads = [...inventory.workloads.values()];
  const services = [...inventory.services.values()];
  return {
    data,
    labels: ['shop', 'other', 'istio-system', 'none'].map((namespace) => namespaceLabels(namespace)),
    ztunnels: workloads.map((workload) => bindZtunnel(inventory, workload)),
    gateways: [...inventory.gateways.values()].map((gateway) => bindGateway(inventory, gateway)),
    waypoints: [
      ...services.flatMap((service) =>
        waypointsOf(inventory, service).map(({ gateway, weight }) => [weight, bindWaypoint(inventory, gateway, service)]),
      ),
      ...workloads.map((workload) => {
        const resolved = resolveWorkloadWaypoint(inventory, workload);
        return resolved.kind === 'bound' ? bindWaypoint(inventory, resolved.gateway, workload) : resolved;
      }),
    ],
    resolved: services.map((service) => resolveServiceWaypoint(inventory, service)),
    findings: check(inventory),
    verdicts: queries.map((query) => answer(inventory, query)),
  };
}

function answer(inventory: Inventory, query: World['queries'][number]): unknown {
  try {
    const { verdict, asked, headers } = askGate(inventory, query);
    return { verdict, asked, headers };
  } catch (error) {
    // An edited mesh may not have the gate any more.
    return { error: (error as Error).message };
  }
}
