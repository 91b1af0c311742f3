import {
  bindZtunnel,
  buildInventory,
  type ConnectionDecider,
  connectionDecider,
  KeptDeciders,
  loadResources,
  nextInventory,
  nextResources,
  strict,
  type Workload,
  type ZtunnelBinding,
} from '@sallyport/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryEdit, type EditedFolder, editedFiles } from '../../src/generate/arbitrary-edit.js';
import { policyManifest } from '../../src/generate/arbitrary-policy.js';
import { arbitraryWorld, type World } from '../../src/generate/arbitrary-world.js';
import { identities } from '../../src/generate/pools.js';
import { filesOf } from './picture.js';

type Deciders = KeptDeciders<ZtunnelBinding, ConnectionDecider>;
const dialects = [strict, { name: 'upstream', flags: {} }] as const;

function deciderOf(deciders: Deciders, workload: Workload): ConnectionDecider {
  return deciders.ofWorkload(workload, (inventory) => bindZtunnel(inventory, workload), connectionDecider);
}

function folderOf({ manifests, meshConfig }: World): EditedFolder {
  const objects = manifests.map((manifest, index) => ({ file: editedFiles[index % editedFiles.length] ?? '', manifest }));
  return { objects, meshConfig, broken: false };
}

function connectionOf(account: string) {
  return { identity: `spiffe://cluster.local/ns/shop/sa/${account}`, sourceIp: '10.0.0.9', destinationIp: '10.0.0.2' };
}

/** Verdicts on connections of every identity, as far as a reader of them can tell. */
function verdictsOf(decider: ConnectionDecider): unknown {
  return [undefined, ...identities].map((identity) => {
    const connection = {
      ...(identity === undefined ? {} : { identity }),
      sourceIp: '10.0.0.9',
      destinationIp: '10.0.0.2',
      destinationPort: 8080,
    };
    return [decider.connection(connection), decider.authorizeConnection(connection).kind];
  });
}

describe('deciders that are kept from one inventory to the next', () => {
  it('decide as new ones do, after every edit', () => {
    const counts = { asked: 0, kept: 0 };
    fc.assert(
      fc.property(
        fc.oneof(arbitraryWorld('policies'), arbitraryWorld('roles')),
        fc.array(arbitraryEdit, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...dialects),
        (world, edits, dialect) => {
          let folder = folderOf(world);
          let loaded = loadResources(filesOf(folder), dialect);
          let built = buildInventory(loaded.set, dialect);
          let deciders: Deciders = new KeptDeciders(built.inventory);
          for (const workload of built.inventory.workloads.values()) deciderOf(deciders, workload);
          for (const edit of edits) {
            folder = edit.apply(folder);
            const next = nextResources(loaded, filesOf(folder));
            const after = nextInventory(built, next);
            const following: Deciders = new KeptDeciders(after.inventory, deciders);
            for (const [key, workload] of after.inventory.workloads) {
              const decider = deciderOf(following, workload);
              const anew = connectionDecider(after.inventory, bindZtunnel(after.inventory, workload));
              expect(verdictsOf(decider), `${edit.name}: ${key}`).toStrictEqual(verdictsOf(anew));
              const before = built.inventory.workloads.get(key);
              counts.asked += 1;
              if (before !== undefined && deciderOf(deciders, before) === decider) counts.kept += 1;
            }
            [loaded, built, deciders] = [next, after, following];
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(counts.kept).toBeGreaterThan(counts.asked / 4);
    expect(counts.kept).toBeLessThan(counts.asked);
  });

  it('are the same object for workloads that are bound alike, and for all that an edit does not concern', () => {
    const pod = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { app: name } },
      spec: { containers: [{ name: 'c' }] },
    });
    const policy = (name: string, app: string, port: string) =>
      policyManifest('shop', name, { selector: { matchLabels: { app } }, rules: [{ to: [{ operation: { ports: [port] } }] }] });
    const files = (port: string) => [
      { path: 'mesh.yaml', text: ['a', 'b', 'c', 'd'].map((name) => JSON.stringify(pod(name))).join('\n---\n') },
      { path: 'a.yaml', text: JSON.stringify(policy('for-a', 'a', port)) },
      { path: 'b.yaml', text: JSON.stringify(policy('for-b', 'b', '80')) },
    ];
    const loaded = loadResources(files('80'), strict);
    const built = buildInventory(loaded.set, strict);
    const after = nextInventory(built, nextResources(loaded, files('81')));
    const [before, following]: [Deciders, Deciders] = [new KeptDeciders(built.inventory), new KeptDeciders(built.inventory)];
    const of = (deciders: Deciders) => [...built.inventory.workloads.values()].map((workload) => deciderOf(deciders, workload));
    const [a, b, c, d] = of(before);
    expect(c).toBe(d);
    expect(new Set([a, b, c]).size).toBe(3);
    expect(of(following)[0]).not.toBe(a);
    const next = of(new KeptDeciders(after.inventory, before));
    expect(next[0]).not.toBe(a);
    expect(next.slice(1)).toEqual([b, c, d]);
    expect(next[1]).toBe(b);
    expect(next[2]).toBe(c);
  });

  it('are shared and kept where roles of the older generation govern, too, and made anew for those that a changed role concerns', () => {
    const rbac = (kind: string, name: string, namespace: string | undefined, spec: object) => ({
      apiVersion: 'rbac.istio.io/v1alpha1',
      kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      spec,
    });
    const workloads = (namespace: string, ...names: readonly string[]) => [
      ...names.map((name) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app: 'api' } },
        spec: { containers: [{ name: 'c' }] },
      })),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'api', namespace },
        spec: { selector: { app: 'api' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    ];
    const role = (namespace: string, path: string) => [
      rbac('ServiceRole', 'reader', namespace, {
        rules: [{ services: ['*'], constraints: [{ key: 'destination.port', values: [path] }] }],
      }),
      rbac('ServiceRoleBinding', 'readers', namespace, {
        subjects: [{ user: 'cluster.local/ns/shop/sa/web' }],
        roleRef: { kind: 'ServiceRole', name: 'reader' },
      }),
    ];
    const files = (port: string, mode: string) =>
      [
        { path: 'mesh.yaml', objects: [...workloads('shop', 'a', 'b'), ...workloads('other', 'c', 'd')] },
        { path: 'on.yaml', objects: [rbac('ClusterRbacConfig', 'default', undefined, { mode })] },
        { path: 'shop.yaml', objects: role('shop', '8080') },
        { path: 'other.yaml', objects: role('other', port) },
      ].map(({ path, objects }) => ({ path, text: objects.map((each) => JSON.stringify(each)).join('\n---\n') }));
    let loaded = loadResources(files('8080', 'ON'), strict);
    let built = buildInventory(loaded.set, strict);
    let deciders: Deciders = new KeptDeciders(built.inventory);
    const all = () => [...built.inventory.workloads.values()].map((workload) => deciderOf(deciders, workload));
    const edit = (port: string, mode: string) => {
      const next = nextResources(loaded, files(port, mode));
      built = nextInventory(built, next);
      loaded = next;
      deciders = new KeptDeciders(built.inventory, deciders);
      return all();
    };
    const first = all();
    expect(new Set(first).size).toBe(2);
    const asked = { ...connectionOf('web'), destinationPort: 8080 };
    const verdicts = () => all().map((decider) => decider.connection(asked).reason);
    expect(verdicts()).toEqual(['role-match', 'role-match', 'role-match', 'role-match']);
    const second = edit('9090', 'ON');
    expect(new Set(second).size).toBe(2);
    expect(first.map((decider) => second.includes(decider))).toEqual(
      [...built.inventory.workloads.values()].map(({ namespace }) => namespace === 'shop'),
    );
    expect(verdicts().filter((reason) => reason === 'no-role-match')).toHaveLength(2);
    const third = edit('9090', 'OFF');
    expect(third.some((decider) => second.includes(decider))).toBe(false);
    expect(new Set(verdicts())).toEqual(new Set(['no-policy']));
  });
});
