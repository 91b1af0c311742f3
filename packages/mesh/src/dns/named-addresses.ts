import { createHash } from 'node:crypto';
import type { StandIns } from '../gate.js';

/** Names that are remembered; beyond, the oldest is forgotten, and what was connected to by its address is refused. */
const mostNames = 50_000;

/** Whether an address may stand for a name. */
export function isStandIn(address: string): boolean {
  return address.startsWith('242.');
}

/**
 * Stand-ins for names: an address of 242.0.0.0/8, which is nobody's, for each name that was asked for, so that a captured connection
 * tells which name was meant. The same name has the same one on every run, as a rule.
 */
export class NamedAddresses implements StandIns {
  readonly #byName = new Map<string, string>();
  readonly #byAddress = new Map<string, string>();

  /** The address that stands for a name. */
  addressOf(name: string): string {
    const known = this.#byName.get(name);
    const address = known ?? this.#free(name);
    // Asked for again: the newest.
    this.#byName.delete(name);
    this.#byName.set(name, address);
    this.#byAddress.set(address, name);
    this.#forgetOldest();
    return address;
  }

  /** The name that an address stands for. */
  nameOf(address: string): string | undefined {
    return this.#byAddress.get(address);
  }

  #free(name: string): string {
    for (let attempt = 0; ; attempt += 1) {
      const [a = 0, b = 0, c = 0] = createHash('sha256').update(`${attempt} ${name}`).digest();
      const address = `242.${a}.${b}.${c}`;
      if (!this.#byAddress.has(address)) return address;
    }
  }

  #forgetOldest(): void {
    if (this.#byName.size <= mostNames) return;
    const [oldest] = this.#byName;
    if (oldest === undefined) return;
    this.#byName.delete(oldest[0]);
    this.#byAddress.delete(oldest[1]);
  }
}
