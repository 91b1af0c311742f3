import { probeAddress } from './probe-address.js';

/** Finds out, once for each port, which ones this user may not open. */
export class ClosedPorts {
  readonly #address: string;
  readonly #known = new Map<number, boolean>();

  /** `address`: any address of this mesh that nothing listens on. */
  constructor(address: string) {
    this.#address = address;
  }

  /** The ports among these that may not be opened, sorted. */
  async among(ports: Iterable<number>): Promise<number[]> {
    const closed: number[] = [];
    for (const port of new Set(ports)) if (await this.#isClosed(port)) closed.push(port);
    return closed.sort((a, b) => a - b);
  }

  async #isClosed(port: number): Promise<boolean> {
    const known = this.#known.get(port);
    if (known !== undefined) return known;
    const closed = (await probeAddress(this.#address, port)) === 'EACCES';
    this.#known.set(port, closed);
    return closed;
  }
}
