import type { AddressBook, Snapshot } from '@sallyport/mesh';
import {
  type BuiltInventory,
  buildInventory,
  hasInvalid,
  type LoadedResources,
  loadResources,
  nextInventory,
  nextResources,
  type SourceFile,
} from '@sallyport/policy';
import { createAddressBook } from '../addresses/address-book.js';
import { withChange } from '../gate-protocol/file-change.js';
import type { SnapshotChange, SnapshotData } from '../gate-protocol/messages.js';

/** A snapshot with what the next one can be made from. */
interface Made {
  readonly snapshot: Snapshot;
  readonly resources: LoadedResources;
  readonly built: BuiltInventory;
}

/**
 * Makes the snapshots of a gate process, each from the one that is in force: what has not changed is not read again, and is the same object.
 *
 * INVARIANT (base): a change is applied to the snapshot that it names and to no other. A number is in force once only; one that was
 * prepared and never committed is nobody's base.
 */
export class SnapshotMaker {
  #inForce: Made | undefined;
  #prepared: Made | undefined;

  /** The snapshot that the data stands for. Throws where the texts are invalid: the supervisor sends none that are. */
  whole(data: SnapshotData): Snapshot {
    return this.#keep(data.number, data.files, createAddressBook(data.addresses), this.#resourcesOf(data));
  }

  /** The snapshot that comes of a change; undefined where the one that it goes on from is not in force here. Throws as `whole` does. */
  changed(change: SnapshotChange): Snapshot | undefined {
    const base = this.#inForce;
    if (base === undefined || base.snapshot.number !== change.base) return undefined;
    const files = withChange(
      base.resources.files.map(({ source }) => source),
      change.files,
    );
    const addresses = change.addresses === undefined ? base.snapshot.addresses : createAddressBook(change.addresses);
    return this.#keep(change.number, files, addresses, base);
  }

  /** The one in force. */
  get inForce(): Snapshot | undefined {
    return this.#inForce?.snapshot;
  }

  /** Takes note that a snapshot that was made here is in force. */
  committed(number: number): void {
    if (this.#prepared?.snapshot.number === number) this.#inForce = this.#prepared;
    else this.#inForce = undefined;
    this.#prepared = undefined;
  }

  #resourcesOf({ dialect }: SnapshotData): Made | LoadedResources['dialect'] {
    const base = this.#inForce;
    return base !== undefined && JSON.stringify(base.resources.dialect) === JSON.stringify(dialect) ? base : dialect;
  }

  #keep(number: number, files: readonly SourceFile[], addresses: AddressBook, from: Made | LoadedResources['dialect']): Snapshot {
    const made = 'built' in from ? goOn(from, files) : begin(files, from);
    const invalid = [...made.resources.diagnostics, ...made.built.diagnostics];
    if (hasInvalid(invalid)) throw new Error(`invalid: ${invalid.map((one) => one.message).join('; ')}`);
    const snapshot = { number, inventory: made.built.inventory, addresses };
    this.#prepared = { ...made, snapshot };
    return snapshot;
  }
}

function begin(files: readonly SourceFile[], dialect: LoadedResources['dialect']): Omit<Made, 'snapshot'> {
  const resources = loadResources(files, dialect);
  return { resources, built: buildInventory(resources.set, dialect) };
}

function goOn(base: Made, files: readonly SourceFile[]): Omit<Made, 'snapshot'> {
  const resources = nextResources(base.resources, files);
  return { resources, built: nextInventory(base.built, resources) };
}
