import type { Snapshot } from '@sallyport/mesh';
import { buildInventory, hasInvalid, loadResources } from '@sallyport/policy';
import { createAddressBook } from '../addresses/address-book.js';
import type { SnapshotData } from '../gate-protocol/messages.js';

/** Makes the snapshot that its data stands for. Throws where the texts are invalid: the supervisor sends none that are. */
export function materializeSnapshot(data: SnapshotData): Snapshot {
  const { set, diagnostics: loading } = loadResources(data.files, data.dialect);
  const { inventory, diagnostics: building } = buildInventory(set, data.dialect);
  const invalid = [...loading, ...building];
  if (hasInvalid(invalid)) throw new Error(`invalid: ${invalid.map((one) => one.message).join('; ')}`);
  return { number: data.number, inventory, addresses: createAddressBook(data.addresses) };
}
