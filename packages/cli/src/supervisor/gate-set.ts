import { type GateRole, gateName } from '../gate-protocol/messages.js';
import { GateRefusal, type TravellingSnapshot } from './gate-child.js';
import { GateKeeper, type GateKeeperOptions } from './gate-keeper.js';

/** Makes what a keeper of this role needs. */
export type KeeperOptionsFor = (role: GateRole) => GateKeeperOptions;

/** All gates of a mesh: they change together or not at all. */
export class GateSet {
  readonly #optionsFor: KeeperOptionsFor;
  readonly #keepers = new Map<string, GateKeeper>();
  /** Gates that are no longer in the mesh and finish their connections. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(optionsFor: KeeperOptionsFor) {
    this.#optionsFor = optionsFor;
  }

  get keepers(): readonly GateKeeper[] {
    return [...this.#keepers.values()];
  }

  /**
   * Brings a snapshot to the gates of these roles: new ones start with it, the others prepare it; when all have, `commit` makes it
   * the one in force and they commit. Rejects with `GateRefusal`, everything being as before, where any cannot.
   */
  async change(
    number: number,
    roles: readonly GateRole[],
    snapshotFor: (role: GateRole) => TravellingSnapshot,
    commit: () => void,
  ): Promise<void> {
    const wanted = new Set(roles.map(gateName));
    const staying = this.keepers.filter((keeper) => wanted.has(keeper.name));
    const leaving = this.keepers.filter((keeper) => !wanted.has(keeper.name));
    const coming = roles.filter((role) => !this.#keepers.has(gateName(role))).map((role) => this.#add(role));
    const outcomes = await Promise.allSettled([
      ...coming.map((keeper) => keeper.start(snapshotFor(keeper.role).whole())),
      ...staying.map((keeper) => keeper.prepare(snapshotFor(keeper.role))),
    ]);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
    if (refusals.length > 0) {
      await this.#abort(staying, coming, number);
      throw new GateRefusal(refusals.map((refusal) => refusal.message).join('; '));
    }
    commit();
    for (const keeper of leaving) this.#remove(keeper);
    await Promise.all(staying.map((keeper) => keeper.commit(number)));
  }

  /** Ends all gates; connections get `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    await Promise.all([...this.#leaving, ...this.keepers.map((keeper) => keeper.stop(drainMs))]);
  }

  /** Ends all gates at once. */
  kill(): void {
    for (const keeper of this.keepers) keeper.kill();
  }

  #add(role: GateRole): GateKeeper {
    const keeper = new GateKeeper(this.#optionsFor(role));
    this.#keepers.set(keeper.name, keeper);
    return keeper;
  }

  #remove(keeper: GateKeeper): void {
    this.#keepers.delete(keeper.name);
    const leaving = keeper.stop(leavingDrainMs).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  async #abort(staying: readonly GateKeeper[], coming: readonly GateKeeper[], number: number): Promise<void> {
    for (const keeper of staying) keeper.abort(number);
    for (const keeper of coming) this.#keepers.delete(keeper.name);
    await Promise.all(coming.map((keeper) => keeper.stop(0)));
  }
}

const leavingDrainMs = 2000;
