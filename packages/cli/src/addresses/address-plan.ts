import { createHash } from 'node:crypto';

/** What an address is for; each name has one of each that it needs. */
export type AddressRole = 'workload' | 'application' | 'admin';

/** Addresses that were given out, by `ROLE NAME`. */
export type KeptAddresses = Readonly<Record<string, string>>;

/**
 * Gives every name of a mesh an address of its own in 127.0.0.0/8.
 *
 * Derived from mesh, role and name, so the same folder gets the same addresses on every run; where two names would share one, the
 * later one gets another, which is why the addresses are kept (`kept`, `snapshot`). 127.0.0.0/16 is left alone: other software lives there.
 */
export class AddressPlan {
  readonly #mesh: string;
  readonly #byName = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(mesh: string, kept: KeptAddresses = {}) {
    this.#mesh = mesh;
    for (const [name, address] of Object.entries(kept)) this.#give(name, address);
  }

  /** The address of a name in a role; the same one each time. */
  address(role: AddressRole, name: string): string {
    const label = `${role} ${name}`;
    const known = this.#byName.get(label);
    if (known !== undefined) return known;
    let attempt = 0;
    let address = derive(this.#mesh, label, attempt);
    while (this.#taken.has(address)) {
      attempt += 1;
      address = derive(this.#mesh, label, attempt);
    }
    this.#give(label, address);
    return address;
  }

  /** All that was given out, to be kept for the next run. */
  kept(): KeptAddresses {
    return Object.fromEntries(this.#byName);
  }

  #give(label: string, address: string): void {
    this.#byName.set(label, address);
    this.#taken.add(address);
  }
}

function derive(mesh: string, label: string, attempt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([mesh, label, attempt]))
    .digest();
  const [a = 0, b = 0, c = 0] = hash;
  // First and last are never 0 or 255: some systems treat such addresses as networks and broadcasts.
  return `127.${1 + (a % 254)}.${b}.${1 + (c % 254)}`;
}
