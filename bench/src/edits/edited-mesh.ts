import {
  type BuiltInventory,
  bindZtunnel,
  buildInventory,
  type ConnectionDecider,
  connectionDecider,
  KeptDeciders,
  type LoadedResources,
  loadResources,
  nextInventory,
  nextResources,
  type SourceFile,
  strict,
  type Workload,
  type ZtunnelBinding,
} from '@sallyport/policy';

/** A mesh of which one file at a time changes, read and built as a gate's process does it: each state from the one before. */
export class EditedMesh {
  readonly #places: ReadonlyMap<string, number>;
  #files: readonly SourceFile[];
  #loaded: LoadedResources;
  #built: BuiltInventory;
  #deciders: KeptDeciders<ZtunnelBinding, ConnectionDecider>;

  constructor(files: readonly SourceFile[], loaded = loadMesh(files)) {
    this.#places = new Map(files.map(({ path }, index) => [path, index]));
    this.#files = files;
    this.#loaded = loaded;
    this.#built = buildInventory(this.#loaded.set, strict);
    this.#deciders = new KeptDeciders(this.inventory);
  }

  /** Replaces one file. */
  edit(file: SourceFile): void {
    const place = this.#places.get(file.path);
    if (place === undefined) throw new Error(`there is no file ${file.path}`);
    this.#files = this.#files.with(place, file);
    const next = nextResources(this.#loaded, this.#files);
    this.#loaded = valid(next);
    this.#built = nextInventory(this.#built, next);
    this.#deciders = new KeptDeciders(this.inventory, this.#deciders);
  }

  /** What the gates go by now. */
  get inventory(): BuiltInventory['inventory'] {
    return this.#built.inventory;
  }

  /** Makes the deciders of all workloads, as a gate does before a snapshot is in force. */
  prepare(): void {
    for (const workload of this.inventory.workloads.values()) this.#deciderOf(workload).prepare();
  }

  /** What the ztunnel of a workload asks now. */
  decider(workload: string): ConnectionDecider {
    const found = this.inventory.workloads.get(workload);
    if (found === undefined) throw new Error(`there is no workload \`${workload}\``);
    return this.#deciderOf(found);
  }

  #deciderOf(workload: Workload): ConnectionDecider {
    return this.#deciders.ofWorkload(workload, (inventory) => bindZtunnel(inventory, workload), connectionDecider);
  }
}

/** The manifests of a mesh, read. */
export function loadMesh(files: readonly SourceFile[]): LoadedResources {
  return valid(loadResources(files, strict));
}

function valid<Loaded extends LoadedResources>(loaded: Loaded): Loaded {
  const invalid = loaded.diagnostics.find(({ severity }) => severity === 'error');
  if (invalid) throw new Error(`the mesh of the benchmark is invalid: ${invalid.message}`);
  return loaded;
}
