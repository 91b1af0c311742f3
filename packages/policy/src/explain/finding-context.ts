import { Reporter } from '../diagnostic/reporter.js';
import type { Inventory } from '../inventory/inventory.js';
import { Gates } from './gates.js';

/** What a finding reads and where it reports: one for a whole `check`, so that gates are bound once. */
export class FindingContext extends Reporter {
  readonly inventory: Inventory;
  readonly gates: Gates;
  /** The same manifests in the other dialect, where they load there. */
  readonly otherGates: Gates | undefined;

  constructor(inventory: Inventory, other: Inventory | undefined) {
    super();
    this.inventory = inventory;
    this.gates = new Gates(inventory);
    this.otherGates = other === undefined ? undefined : new Gates(other);
  }

  /** The gates of one dialect, whichever of the two it is. */
  gatesOf(dialect: 'strict' | 'upstream'): Gates | undefined {
    return this.inventory.dialect.name === dialect ? this.gates : this.otherGates;
  }
}

/** One question about a whole inventory: reports what is dangerous, or does nothing. */
export type Finding = (context: FindingContext) => void;

/** `` `a`, `b` and 3 more ``. */
export function listNames(names: readonly string[], most = 4): string {
  const shown = names.slice(0, most).map((name) => `\`${name}\``);
  if (names.length > most) return `${shown.join(', ')} and ${names.length - most} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : (shown[0] ?? '');
}
