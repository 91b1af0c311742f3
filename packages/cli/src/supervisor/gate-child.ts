import type { ChildProcess } from 'node:child_process';
import type { AdminQuestion, GateStatus, MetricsData, NamedAddresses } from '@sallyport/mesh';
import {
  type FromGate,
  type GateRole,
  gateName,
  type SnapshotChange,
  type SnapshotData,
  type ToGate,
  type Validity,
} from '../gate-protocol/messages.js';
import { identifyProcess, type ProcessIdentity } from '../state/process-identity.js';

/** A certificate as a gate process gets it. */
export interface SignedForGate {
  readonly chain: string;
  readonly bundle: string;
  readonly validity: Validity;
}

/** What a gate process needs from its supervisor. */
export interface GateChildOptions {
  readonly role: GateRole;
  /** Makes the process, with a channel to it. */
  readonly fork: () => ChildProcess;
  /** Where its own endpoints are; without it there are none. */
  readonly adminAddress?: string;
  /** The revocation list in force, PEM. */
  readonly revocation: () => string;
  /** Signs a certificate request of this gate; rejects where the identity is not this gate's. */
  readonly sign: (identity: string, request: string) => Promise<SignedForGate>;
  /** The addresses that stand for names at all workers of a gate; absent where the process is all of the gate, and has its own. */
  readonly standIns?: NamedAddresses;
}

/** A snapshot on its way to one gate. */
export interface TravellingSnapshot {
  readonly number: number;
  /** Absent where there is nothing to go on from. */
  readonly change?: SnapshotChange;
  /** Made only where it is wanted. */
  readonly whole: () => SnapshotData;
}

/** Why a gate did not take a snapshot. */
export class GateRefusal extends Error {
  override readonly name = 'GateRefusal';
}

const startMs = 20_000;
const answerMs = 10_000;
/** A key, a certificate and sockets for each workload take their time; how long, on a slow machine. */
const workloadMs = 50;

/**
 * One process of a gate, from its start to its end.
 */
export class GateChild {
  readonly role: GateRole;
  readonly identity: ProcessIdentity;
  /** Resolves with a few words on how it ended. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #options: GateChildOptions;
  readonly #listeners = new Set<(message: FromGate) => void>();
  /** Questions that have no answer yet: told when the process ends. */
  readonly #waiting = new Set<(why: string) => void>();
  /** What is to be said to a process that does not listen yet. */
  #unsaid: ToGate[] | undefined = [];
  #hasEnded = false;
  #lastId = 0;

  private constructor(child: ChildProcess, identity: ProcessIdentity, options: GateChildOptions) {
    this.role = options.role;
    this.identity = identity;
    this.#process = child;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
        this.#hasEnded = true;
        for (const fail of [...this.#waiting]) fail(`ended with ${how}`);
        resolve(how);
      });
    });
    child.on('message', (message) => this.#receive(message as FromGate));
    // A channel that broke: the end of the process says what there is to say.
    child.on('error', () => undefined);
  }

  /** Makes the process; it opens nothing before `start`. */
  static spawn(options: GateChildOptions): GateChild {
    const child = options.fork();
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (identity === undefined) throw new Error(`the process of ${gateName(options.role)} could not be started`);
    return new GateChild(child, identity, options);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Opens the gate with a snapshot. Rejects with `GateRefusal` where it cannot. */
  async start(snapshot: SnapshotData): Promise<void> {
    const { role, adminAddress, revocation } = this.#options;
    const answer = await this.#ask(
      { type: 'start', role, snapshot, ...(adminAddress === undefined ? {} : { adminAddress }), revocation: revocation() },
      startMs + patienceFor(snapshot),
      (message) => (message.type === 'started' || message.type === 'start-failed' ? message : undefined),
    );
    if (answer.type === 'start-failed') throw new GateRefusal(answer.error);
  }

  /**
   * Has the gate prepare a snapshot, from what is different where it has the base of that, else from the whole. Rejects with
   * `GateRefusal` where it does not.
   */
  async prepare({ number, change, whole }: TravellingSnapshot): Promise<void> {
    const ask = (message: ToGate, data?: Pick<SnapshotData, 'addresses'>) =>
      this.#ask(message, answerMs + patienceFor(data), (answer) =>
        (answer.type === 'prepared' || answer.type === 'refused' || answer.type === 'lacks-base') && answer.number === number
          ? answer
          : undefined,
      );
    const askWhole = (snapshot: SnapshotData) => ask({ type: 'prepare', snapshot }, snapshot);
    const first =
      change === undefined
        ? undefined
        : await ask({ type: 'prepare-change', change }, change.addresses && { addresses: change.addresses });
    const answer = first === undefined || first.type === 'lacks-base' ? await askWhole(whole()) : first;
    if (answer.type !== 'prepared')
      throw new GateRefusal(answer.type === 'refused' ? answer.error : 'the snapshot was not taken');
  }

  async commit(number: number): Promise<void> {
    await this.#ask({ type: 'commit', number }, answerMs, (message) =>
      message.type === 'committed' && message.number === number ? message : undefined,
    );
  }

  /** Has a worker know that it goes on with its last state. */
  supervisorGone(): void {
    this.#send({ type: 'supervisor-gone' });
  }

  abort(number: number): void {
    this.#send({ type: 'abort', number });
  }

  /** Has the gate get another certificate for an identity, where it has one. Rejects where that takes longer than `timeoutMs`. */
  async renew(identity: string, timeoutMs: number): Promise<void> {
    const id = this.#nextId();
    await this.#ask({ type: 'renew', id, identity }, timeoutMs, isDone(id));
  }

  /** Puts a revocation list in force at the gate. Rejects where the gate does not say that it is. */
  async revoke(list: string): Promise<void> {
    const id = this.#nextId();
    await this.#ask({ type: 'revocation', id, list }, answerMs, isDone(id));
  }

  async status(): Promise<GateStatus> {
    const id = this.#nextId();
    const answer = await this.#ask({ type: 'status', id }, answerMs, (message) =>
      message.type === 'status' && message.id === id ? message : undefined,
    );
    return answer.status;
  }

  /** What the process has counted. */
  async metrics(): Promise<MetricsData> {
    const id = this.#nextId();
    const answer = await this.#ask({ type: 'metrics', id }, answerMs, (message) =>
      message.type === 'metrics' && message.id === id ? message : undefined,
    );
    return answer.metrics;
  }

  /** What the process answers to a question of its admin server. */
  async inspect(question: AdminQuestion): Promise<unknown> {
    const id = this.#nextId();
    const answer = await this.#ask({ type: 'inspect', id, question }, answerMs, (message) =>
      message.type === 'inspected' && message.id === id ? message : undefined,
    );
    return answer.answer;
  }

  /** Ends the process; connections get `drainMs`, and the process a second more. */
  async stop(drainMs: number): Promise<void> {
    if (this.#hasEnded) return;
    this.#send({ type: 'stop', drainMs });
    const timer = setTimeout(() => this.kill(), drainMs + 1000);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Sends a message and resolves with the first answer that `pick` accepts; rejects when the gate ends or is silent too long. */
  #ask<Answer>(message: ToGate, timeoutMs: number, pick: (message: FromGate) => Answer | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        this.#waiting.delete(fail);
      };
      const listener = (received: FromGate): void => {
        const answer = pick(received);
        if (answer === undefined) return;
        finish();
        resolve(answer);
      };
      const fail = (why: string): void => {
        finish();
        reject(new Error(`${gateName(this.role)} ${why}`));
      };
      const timer = setTimeout(() => fail(`did not answer to \`${message.type}\` in time`), timeoutMs);
      if (this.#hasEnded) return fail('has ended');
      this.#listeners.add(listener);
      this.#waiting.add(fail);
      this.#send(message);
    });
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #send(message: ToGate): void {
    if (this.#unsaid !== undefined) {
      this.#unsaid.push(message);
      return;
    }
    // The callback keeps a closing channel from throwing; the end of the process is what counts then.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #receive(message: FromGate): void {
    if (message.type === 'here') this.#catchUp();
    if (message.type === 'sign') void this.#sign(message);
    if (message.type === 'stand-in-of') this.#tellStandIn(message.id, this.#options.standIns?.addressOf(message.name));
    if (message.type === 'name-of') this.#tellStandIn(message.id, this.#options.standIns?.nameOf(message.address));
    for (const listener of [...this.#listeners]) listener(message);
  }

  #catchUp(): void {
    const unsaid = this.#unsaid ?? [];
    this.#unsaid = undefined;
    for (const message of unsaid) this.#send(message);
  }

  #tellStandIn(id: number, answer: string | undefined): void {
    this.#send({ type: 'stand-in', id, ...(answer === undefined ? {} : { answer }) });
  }

  async #sign({ id, identity, request }: Extract<FromGate, { type: 'sign' }>): Promise<void> {
    try {
      this.#send({ type: 'signed', id, ...(await this.#options.sign(identity, request)) });
    } catch (error) {
      this.#send({ type: 'not-signed', id, error: (error as Error).message });
    }
  }
}

/** Picks the confirmation of a request. */
function isDone(id: number): (message: FromGate) => FromGate | undefined {
  return (message) => (message.type === 'done' && message.id === id ? message : undefined);
}

/** How much longer a gate gets for the workloads that it may have to get keys and sockets for. */
function patienceFor(data: Pick<SnapshotData, 'addresses'> | undefined): number {
  return workloadMs * (data?.addresses.workloads.length ?? 0);
}
