/**
 * One decision at a time: a table has one place for what it is asked about, and attributes are read while it decides. One that begins inside
 * another, by way of an attribute that asks for it, throws, and so denies; the one around it goes on unharmed.
 */
export class Turn {
  #isTaken = false;

  get isTaken(): boolean {
    return this.#isTaken;
  }

  take(): void {
    if (this.#isTaken) throw new Error('a decision began inside another one of the same gate');
    this.#isTaken = true;
  }

  leave(): void {
    this.#isTaken = false;
  }
}
