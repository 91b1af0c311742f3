import {
  bindZtunnel,
  buildInventory,
  type ConnectionDecider,
  connectionDecider,
  type Inventory,
  loadResources,
  type Resource,
  type ResourceSet,
  type SourceFile,
  strict,
} from '@sallyport/policy';

/** A mesh of which one file at a time changes; holds what a process has to hold for that. */
export class EditedMesh {
  #set: ResourceSet;
  #inventory: Inventory | undefined;

  constructor(files: readonly SourceFile[]) {
    this.#set = load(files);
  }

  /** Replaces one file that holds one policy. */
  edit(file: SourceFile): void {
    const [policy] = load([file]).resources;
    if (policy === undefined) throw new Error(`there is no policy in ${file.path}`);
    this.#set = {
      ...this.#set,
      resources: this.#set.resources.map((resource) => (isSame(resource, policy) ? policy : resource)),
    };
    this.#inventory = undefined;
  }

  /** What the gates go by now. */
  get inventory(): Inventory {
    this.#inventory ??= buildInventory(this.#set, strict).inventory;
    return this.#inventory;
  }

  /** What the ztunnel of a workload asks now. */
  decider(workload: string): ConnectionDecider {
    const found = this.inventory.workloads.get(workload);
    if (found === undefined) throw new Error(`there is no workload \`${workload}\``);
    return connectionDecider(this.inventory, bindZtunnel(this.inventory, found));
  }
}

function load(files: readonly SourceFile[]): ResourceSet {
  const { set, diagnostics } = loadResources(files, strict);
  const invalid = diagnostics.find(({ severity }) => severity === 'error');
  if (invalid) throw new Error(`the mesh of the benchmark is invalid: ${invalid.message}`);
  return set;
}

function isSame(a: Resource, b: Resource): boolean {
  return a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
}
