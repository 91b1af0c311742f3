import { describe, expect, it } from 'vitest';
import { EditedMesh } from '../src/edits/edited-mesh.js';
import { clientFor, generateMesh, policyFile, rootFile, workloadKey } from '../src/edits/generate-mesh.js';

describe('an edited mesh', () => {
  const mesh = generateMesh(120);

  it('has a policy for each workload, and one in the root namespace', () => {
    const { inventory } = new EditedMesh(mesh.files);
    expect(inventory.policies).toHaveLength(121);
    expect([...inventory.workloads.values()].filter(({ capture }) => capture === 'captured')).toHaveLength(120);
  });

  it('puts an edit in force at the one workload that it concerns', () => {
    const edited = new EditedMesh(mesh.files);
    expect(effect(edited, 77, clientFor(77))).toBe('allow');
    edited.edit(policyFile(77, 'ALLOW', 'cluster.local/ns/team-0/sa/newcomer'));
    expect(effect(edited, 77, clientFor(77))).toBe('deny');
    expect(effect(edited, 77, 'cluster.local/ns/team-0/sa/newcomer')).toBe('allow');
    expect(effect(edited, 76, clientFor(76))).toBe('allow');
  });

  it('puts an edit of the root namespace in force everywhere', () => {
    const edited = new EditedMesh(mesh.files);
    edited.edit(rootFile(clientFor(5)));
    expect(effect(edited, 5, clientFor(5))).toBe('deny');
    expect(effect(edited, 6, clientFor(6))).toBe('allow');
  });
});

function effect(mesh: EditedMesh, index: number, principal: string): string {
  const connection = { sourceIp: '10.0.0.1', destinationIp: '10.0.0.2', destinationPort: 8080 };
  return mesh.decider(workloadKey(index)).connection({ ...connection, identity: `spiffe://${principal}` }).effect;
}
