import { describe, expect, it } from 'vitest';
import { bindZtunnel } from '../../src/bind/bind-ztunnel.js';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import { strict } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';
import type { Resource, ResourceSet } from '../../src/resource/model/index.js';
import { documents, l4Rule, namespace, pod, policy, serviceOf } from './manifests.js';

/** One decoded workload, service and policy, to be multiplied: decoding is not what is measured here. */
const seed = loadResources(
  [
    {
      path: 'mesh.yaml',
      text: documents(
        namespace('shop'),
        pod('x'),
        serviceOf('x'),
        policy('x', { selector: { matchLabels: { app: 'x' } }, rules: [l4Rule] }),
      ),
    },
  ],
  strict,
).set;

function multiplied(count: number): ResourceSet {
  const copies = Array.from({ length: count }, (_, index) => seed.resources.map((resource) => renamed(resource, `app-${index}`)));
  return { ...seed, resources: copies.flat() };
}

function renamed(resource: Resource, name: string): Resource {
  const labels = { app: name };
  switch (resource.kind) {
    case 'Pod':
      return { ...resource, metadata: { ...resource.metadata, name, labels } };
    case 'Service':
      return { ...resource, metadata: { ...resource.metadata, name }, selector: labels };
    case 'AuthorizationPolicy':
      return { ...resource, metadata: { ...resource.metadata, name }, selector: { matchLabels: labels, span: resource.span } };
    default:
      return resource;
  }
}

describe('ten thousand workloads, services and policies', () => {
  it('are built and bound, each workload to its own policy, within seconds', () => {
    const started = performance.now();
    const { inventory } = buildInventory(multiplied(10_000), strict);
    const bindings = [...inventory.workloads.values()].map((workload) => bindZtunnel(inventory, workload));
    const elapsed = performance.now() - started;
    expect(bindings).toHaveLength(10_000);
    expect(
      bindings.every(({ workload, policies }) => policies.length === 1 && policies[0]?.policy.metadata.name === workload.name),
    ).toBe(true);
    // Generous for a busy machine; anything quadratic takes minutes.
    expect(elapsed).toBeLessThan(10_000);
  });
});
