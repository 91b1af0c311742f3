import { buildInventory, type Dialect, loadResources, nextInventory, nextResources, strict } from '@sallyport/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryEdit, type EditedFolder, editedFiles } from '../../src/generate/arbitrary-edit.js';
import { arbitraryWorld, type World } from '../../src/generate/arbitrary-world.js';
import { filesOf, pictureOf } from './picture.js';

const dialects: readonly Dialect[] = [strict, { name: 'upstream', flags: {} }];

function folderOf({ manifests, meshConfig }: World): EditedFolder {
  const objects = manifests.map((manifest, index) => ({ file: editedFiles[index % editedFiles.length] ?? '', manifest }));
  return { objects, meshConfig, broken: false };
}

describe('a mesh that is edited', () => {
  it('is after every edit what it would be if it were read for the first time', () => {
    const counts = { edits: 0, attached: 0, anew: 0, unknown: 0, invalid: 0 };
    fc.assert(
      fc.property(
        fc.oneof(arbitraryWorld('policies'), arbitraryWorld('roles')),
        fc.array(arbitraryEdit, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...dialects),
        (world, edits, dialect) => {
          let folder = folderOf(world);
          let loaded = loadResources(filesOf(folder), dialect);
          let built = buildInventory(loaded.set, dialect);
          pictureOf(built.inventory, world.queries);
          for (const edit of edits) {
            folder = edit.apply(folder);
            const files = filesOf(folder);
            const next = nextResources(loaded, files);
            const after = nextInventory(built, next);
            const scratch = loadResources(files, dialect);
            const anew = buildInventory(scratch.set, dialect);
            expect({ ...next.set }, edit.name).toStrictEqual(scratch.set);
            expect(next.diagnostics, edit.name).toStrictEqual(scratch.diagnostics);
            expect(after.diagnostics, edit.name).toStrictEqual(anew.diagnostics);
            expect(pictureOf(after.inventory, world.queries), edit.name).toStrictEqual(pictureOf(anew.inventory, world.queries));
            counts.edits += 1;
            counts.invalid += next.diagnostics.length > 0 ? 1 : 0;
            if (next.change === undefined) counts.unknown += 1;
            else if (after.inventory.workloads === built.inventory.workloads) counts.attached += 1;
            else counts.anew += 1;
            [loaded, built] = [next, after];
          }
        },
      ),
      { numRuns: 80 },
    );
    // Every way was taken, and the short one most often.
    expect(counts.attached).toBeGreaterThan(counts.edits / 3);
    expect(counts.anew).toBeGreaterThan(3);
    expect(counts.unknown).toBeGreaterThan(3);
    expect(counts.invalid).toBeGreaterThan(3);
  });
});
