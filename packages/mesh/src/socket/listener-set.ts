import type { ListenPlace } from './listen-options.js';

/** How long the connections of a listener that a change takes away may go on (reference section 7.8). */
export const removedDrainMs = 5000;

/** A socket that a gate is to listen on. */
export interface ListenerPlan extends ListenPlace {
  /** What it is for, in words for people: `HBONE`, `plaintext`. */
  readonly purpose: string;
  /** Key of the workload or gateway that it belongs to. */
  readonly workload: string;
}

/** Where a planned socket is. */
export function placeOf({ address, port, namespace }: ListenerPlan): ListenPlace {
  return { address, port, ...(namespace === undefined ? {} : { namespace }) };
}

/** An open socket. */
export interface Listener<Plan extends ListenerPlan = ListenerPlan> {
  /** The socket stays and is another workload's, or the same one's under another identity, from now on. */
  adopt?(plan: Plan): void;
  /** Stops listening; connections that are open get up to `drainMs` milliseconds. */
  close(drainMs: number): Promise<void>;
}

interface Entry<Plan extends ListenerPlan> {
  readonly plan: Plan;
  readonly listener: Listener<Plan>;
}

/** Listeners that were opened for a state that is not in force yet. */
export interface PreparedListeners<Plan extends ListenerPlan> {
  readonly plans: readonly Plan[];
  readonly opened: ReadonlyMap<string, Entry<Plan>>;
}

/**
 * The listeners of a gate, changed as a whole: `prepare` opens what is missing or nothing at all, `commit` closes what is left over.
 * A socket that stays in use stays open, even where it changes owner.
 */
export class ListenerSet<Plan extends ListenerPlan> {
  readonly #open: (plan: Plan) => Promise<Listener<Plan>>;
  #entries = new Map<string, Entry<Plan>>();
  #plans: readonly Plan[] | undefined;

  constructor(open: (plan: Plan) => Promise<Listener<Plan>>) {
    this.#open = open;
  }

  /** The listeners in force. */
  get plans(): readonly Plan[] {
    return [...this.#entries.values()].map(({ plan }) => plan);
  }

  /** Opens what is missing; rejects naming the first address that cannot be opened, and closes again what it opened. */
  async prepare(plans: readonly Plan[]): Promise<PreparedListeners<Plan>> {
    // The very plans that are in force: nothing is missing, and nothing will be left over.
    if (plans === this.#plans) return { plans, opened: new Map() };
    const missing = plans.filter((plan) => !this.#entries.has(keyOf(plan)));
    const results = await Promise.allSettled(missing.map(async (plan) => ({ plan, listener: await this.#open(plan) })));
    const opened = new Map<string, Entry<Plan>>();
    for (const result of results) if (result.status === 'fulfilled') opened.set(keyOf(result.value.plan), result.value);
    const failed = results.findIndex((result) => result.status === 'rejected');
    const plan = missing[failed];
    if (plan === undefined) return { plans, opened };
    await this.abort({ plans, opened });
    throw new Error(describeFailure(plan, (results[failed] as PromiseRejectedResult).reason));
  }

  /** Puts prepared listeners in force and stops the ones that are not among them. */
  commit(prepared: PreparedListeners<Plan>): void {
    if (prepared.plans === this.#plans) return;
    const next = new Map<string, Entry<Plan>>();
    for (const plan of prepared.plans) {
      const key = keyOf(plan);
      const entry = prepared.opened.get(key) ?? this.#entries.get(key);
      if (entry === undefined) continue;
      next.set(key, { plan, listener: entry.listener });
      entry.listener.adopt?.(plan);
    }
    const removed = [...this.#entries].filter(([key]) => !next.has(key));
    this.#entries = next;
    this.#plans = prepared.plans;
    // The connections of a removed listener have been judged by now: what is still allowed gets time to finish.
    for (const [, { listener }] of removed) void listener.close(removedDrainMs);
  }

  /** Closes what was prepared. */
  async abort(prepared: PreparedListeners<Plan>): Promise<void> {
    await Promise.all([...prepared.opened.values()].map(({ listener }) => listener.close(0)));
  }

  /** Closes everything. */
  async close(drainMs: number): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries = new Map();
    this.#plans = undefined;
    await Promise.all(entries.map(({ listener }) => listener.close(drainMs)));
  }
}

function keyOf({ address, port, namespace = '', purpose }: ListenerPlan): string {
  return `${namespace} ${address} ${port} ${purpose}`;
}

function describeFailure({ address, port, purpose, workload }: ListenerPlan, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause instanceof Error ? cause.message : String(cause)})`;
  return `address ${address}:${port} ${why}: ${purpose} of \`${workload}\``;
}
