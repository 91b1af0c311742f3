import type { Gate, GateStatus, LiveConnection, Snapshot } from '../gate.js';
import type { ConnectionRegistry } from './connection-registry.js';
import { type Listener, type ListenerPlan, ListenerSet, type PreparedListeners } from './listener-set.js';

/** What one kind of gate adds to the prepare and commit that all share. */
export interface GateParts<State, Plan extends ListenerPlan> {
  readonly name: string;
  readonly kind: GateStatus['kind'];
  readonly connections: ConnectionRegistry;
  /**
   * Everything that is computed once per snapshot. Rejects where the snapshot cannot be served, and may where `signal` says that it is
   * not wanted any more; nothing has changed then.
   */
  derive(snapshot: Snapshot, signal: AbortSignal): Promise<State>;
  /** The sockets that this state needs. */
  plans(state: State): readonly Plan[];
  open(plan: Plan): Promise<Listener<Plan>>;
  /** Puts the state in force, synchronously. Open connections are judged again right after. */
  enforce(state: State): void;
  /** Why it serves nobody although the state is in force, where that is so. */
  problem(): string | undefined;
  /** Ends what is not a listener; called after the connections have ended. */
  dispose(): void;
}

interface Prepared<State, Plan extends ListenerPlan> {
  readonly number: number;
  readonly state: State;
  readonly listeners: PreparedListeners<Plan>;
}

/** A snapshot that is being prepared. */
interface UnderWay {
  readonly number: number;
  readonly stopping: AbortController;
}

/**
 * A gate whose whole state follows from a snapshot. `prepare` does all that can fail; `commit` only swaps, judges every open
 * connection again and closes listeners that nobody owns any more.
 */
export class SnapshotGate<State, Plan extends ListenerPlan> implements Gate {
  readonly #parts: GateParts<State, Plan>;
  readonly #listeners: ListenerSet<Plan>;
  #prepared: Prepared<State, Plan> | undefined;
  #underWay: UnderWay | undefined;
  #number = 0;
  #ready = false;

  private constructor(parts: GateParts<State, Plan>) {
    this.#parts = parts;
    this.#listeners = new ListenerSet((plan: Plan) => parts.open(plan));
  }

  /** Starts a gate with its first snapshot in force. Rejects where that cannot be prepared. */
  static async start<State, Plan extends ListenerPlan>(
    parts: GateParts<State, Plan>,
    snapshot: Snapshot,
  ): Promise<SnapshotGate<State, Plan>> {
    const gate = new SnapshotGate(parts);
    try {
      await gate.prepare(snapshot);
      gate.commit(snapshot.number);
    } catch (error) {
      parts.dispose();
      throw error;
    }
    return gate;
  }

  get name(): string {
    return this.#parts.name;
  }

  async prepare(snapshot: Snapshot): Promise<void> {
    const { number } = snapshot;
    const stopping = new AbortController();
    const { signal } = stopping;
    this.#stop();
    this.#underWay = { number, stopping };
    await this.#abandon();
    const state = await this.#parts.derive(snapshot, signal);
    signal.throwIfAborted();
    const listeners = await this.#listeners.prepare(this.#parts.plans(state));
    if (signal.aborted) await this.#listeners.abort(listeners);
    signal.throwIfAborted();
    this.#underWay = undefined;
    this.#prepared = { number, state, listeners };
  }

  commit(number: number): void {
    const prepared = this.#prepared;
    if (prepared === undefined || prepared.number !== number) throw new Error(`snapshot ${number} is not prepared`);
    this.#prepared = undefined;
    this.#parts.enforce(prepared.state);
    this.#parts.connections.rejudge();
    this.#listeners.commit(prepared.listeners);
    this.#number = number;
    this.#ready = true;
  }

  async abort(number: number): Promise<void> {
    if (this.#underWay?.number === number) this.#stop();
    if (this.#prepared?.number === number) await this.#abandon();
  }

  async close(drainMs: number): Promise<void> {
    this.#ready = false;
    this.#stop();
    await this.#abandon();
    await Promise.all([this.#listeners.close(drainMs), this.#parts.connections.drain(drainMs)]);
    this.#parts.dispose();
  }

  status(): GateStatus {
    const problem = this.#parts.problem();
    return {
      name: this.name,
      kind: this.#parts.kind,
      snapshot: this.#number,
      ready: this.#ready && problem === undefined,
      ...(problem === undefined ? {} : { problem }),
      openConnections: this.#parts.connections.size,
      listeners: this.#listeners.plans.map(({ address, port, purpose, workload }) => ({ address, port, purpose, workload })),
    };
  }

  connections(most: number): readonly LiveConnection[] {
    return this.#parts.connections.describe(most);
  }

  /** Has what is being prepared reject. */
  #stop(): void {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    underWay?.stopping.abort(new Error(`snapshot ${underWay.number} is not wanted any more`));
  }

  async #abandon(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared !== undefined) await this.#listeners.abort(prepared.listeners);
  }
}
