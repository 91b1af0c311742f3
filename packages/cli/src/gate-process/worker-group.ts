import cluster from 'node:cluster';
import {
  type AdminQuestion,
  type AdminServer,
  type GateStatus,
  MergedMetrics,
  type MetricsData,
  NamedAddresses,
  startAdminServer,
} from '@sallyport/mesh';
import { withChange } from '../gate-protocol/file-change.js';
import { adminPort, gateName, type SnapshotChange, type SnapshotData, type ToGate } from '../gate-protocol/messages.js';
import { GateKeeper } from '../supervisor/gate-keeper.js';
import type { ConnectionBoard } from './connection-board.js';
import { ConnectionRelay } from './connection-relay.js';
import { describeFailure } from './describe-failure.js';
import type { GateProcess, GateProcessOptions } from './gate-process.js';
import { SigningChannel } from './signing-channel.js';

/** Tells a worker which of the workers it is. */
export const slotVariable = 'SALLYPORT_WORKER';

type Start = Extract<ToGate, { type: 'start' }>;

/**
 * A gate whose work several processes share: towards its supervisor it is one gate. Connections are handed out in turn by `node:cluster`, or
 * accepted by whoever is free. A snapshot is in force in all of the processes or in none: all prepare it before any commits, one that does not confirm is killed, and one that is
 * started anew gets the one in force before it accepts anything.
 */
export class WorkerGroup implements GateProcess {
  readonly #options: GateProcessOptions;
  readonly #count: number;
  readonly #signing: SigningChannel;
  readonly #relay: ConnectionRelay | undefined;
  readonly #metrics = new MergedMetrics(() => this.#askMetrics());
  /** Outlives every worker: what one has answered holds for the one that takes its place. */
  readonly #standIns = new NamedAddresses();
  #workers: readonly GateKeeper[] = [];
  #admin: AdminServer | undefined;
  #snapshot: SnapshotData | undefined;
  #prepared: SnapshotData | undefined;
  #revocation = '';
  #orphaned = false;
  #closing = false;
  #started = false;
  #turn: Promise<void> = Promise.resolve();
  #stop: (drainMs: number) => void = () => undefined;

  /** `board`: of workers that accept by themselves. */
  constructor(count: number, options: GateProcessOptions, board?: ConnectionBoard) {
    this.#count = count;
    this.#relay = board && new ConnectionRelay(board);
    this.#options = options;
    this.#signing = new SigningChannel((id, identity, request) => options.send({ type: 'sign', id, identity, request }));
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  onStop(listener: (drainMs: number) => void): void {
    this.#stop = listener;
  }

  receive(message: ToGate): void {
    switch (message.type) {
      case 'start':
        this.#started = true;
        this.#revocation = message.revocation;
        this.#inTurn(() => this.#start(message));
        break;
      case 'prepare':
        this.#inTurn(() => this.#prepare(message.snapshot));
        break;
      case 'prepare-change':
        this.#inTurn(() => this.#prepareChange(message.change));
        break;
      case 'commit':
        this.#inTurn(() => this.#commit(message.number));
        break;
      case 'abort':
        this.#inTurn(async () => this.#abort(message.number));
        break;
      case 'status':
        void this.#status(message.id);
        break;
      case 'metrics':
      case 'inspect':
      case 'stand-in':
      case 'supervisor-gone':
        // Said to workers, by this process.
        break;
      case 'renew':
        void this.#all((worker) => worker.renew(message.identity, renewMs)).then(() => this.#done(message.id));
        break;
      case 'revocation':
        this.#revocation = message.list;
        void this.#all((worker) => worker.revoke(message.list)).then(() => this.#done(message.id));
        break;
      case 'signed':
        this.#signing.signed(message.id, message);
        break;
      case 'not-signed':
        this.#signing.notSigned(message.id, message.error);
        break;
      case 'stop':
        this.#stop(message.drainMs);
        break;
    }
  }

  supervisorGone(): void {
    this.#options.log('the supervisor is gone; the last state stays in force');
    this.#signing.disconnected();
    this.#orphaned = true;
    for (const { child } of this.#workers) child?.supervisorGone();
  }

  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    await this.#all((worker) => worker.stop(drainMs));
    await this.#admin?.close();
  }

  async #start({ role, snapshot, adminAddress }: Start): Promise<void> {
    this.#snapshot = snapshot;
    try {
      this.#admin = await this.#openAdmin(adminAddress);
      this.#workers = Array.from({ length: this.#count }, (_, slot) => this.#worker(role, slot));
      await Promise.all(this.#workers.map((worker) => worker.start(snapshot)));
      this.#options.send({ type: 'started' });
    } catch (error) {
      await Promise.all(this.#workers.map((worker) => worker.stop(0)));
      this.#options.log(`${gateName(role)} could not start: ${(error as Error).message}`);
      this.#options.send({ type: 'start-failed', error: describeFailure(error) });
    }
  }

  #openAdmin(address: string | undefined): Promise<AdminServer> | undefined {
    const ready = async (): Promise<boolean> => !this.#closing && ((await this.#ask())?.ready ?? false);
    return address === undefined
      ? undefined
      : startAdminServer({
          address,
          port: adminPort,
          metrics: this.#metrics,
          ready,
          ask: (question) => this.#askAll(question),
        });
  }

  #worker(role: Start['role'], slot: number): GateKeeper {
    return new GateKeeper({
      role,
      fork: () => {
        const { process: worker } = cluster.fork({ [slotVariable]: String(slot) });
        this.#relay?.add(slot, worker);
        return worker;
      },
      sign: (identity, request) => this.#signing.sign(identity, request),
      revocation: () => this.#revocation,
      standIns: this.#standIns,
      committed: () => this.#inForce(),
      record: () => Promise.resolve(),
      report: ({ what, detail }, pid) => {
        if (what === 'died') this.#metrics.departed(String(pid));
        else if (this.#orphaned) for (const { child } of this.#workers) child?.supervisorGone();
        this.#options.log(`a worker ${what === 'died' ? 'has ended' : 'was started again'}: ${detail}`);
      },
    });
  }

  #inForce(): SnapshotData {
    if (this.#snapshot === undefined) throw new Error('no snapshot is in force');
    return this.#snapshot;
  }

  #prepare(snapshot: SnapshotData): Promise<void> {
    return this.#prepareAll(snapshot);
  }

  async #prepareChange(change: SnapshotChange): Promise<void> {
    const base = this.#snapshot;
    if (base === undefined || base.number !== change.base) {
      this.#options.send({ type: 'lacks-base', number: change.number });
      return;
    }
    const { number, addresses = base.addresses } = change;
    await this.#prepareAll({ ...base, number, files: withChange(base.files, change.files), addresses }, change);
  }

  async #prepareAll(snapshot: SnapshotData, change?: SnapshotChange): Promise<void> {
    this.#prepared = snapshot;
    const { number } = snapshot;
    const travelling = { number, whole: () => snapshot, ...(change === undefined ? {} : { change }) };
    const outcomes = await Promise.allSettled(this.#workers.map((worker) => worker.prepare(travelling)));
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused === undefined) {
      this.#options.send({ type: 'prepared', number });
      return;
    }
    this.#abort(number);
    this.#options.send({ type: 'refused', number, error: describeFailure(refused.reason) });
  }

  async #commit(number: number): Promise<void> {
    if (this.#prepared?.number !== number) throw new Error(`snapshot ${number} is not prepared`);
    // From here on a worker that starts gets this one.
    this.#snapshot = this.#prepared;
    this.#prepared = undefined;
    await Promise.all(this.#workers.map((worker) => worker.commit(number)));
    this.#options.send({ type: 'committed', number });
  }

  #abort(number: number): void {
    if (this.#prepared?.number === number) this.#prepared = undefined;
    for (const worker of this.#workers) worker.abort(number);
  }

  async #status(id: number): Promise<void> {
    const status = await this.#ask();
    if (status !== undefined) this.#options.send({ type: 'status', id, status });
  }

  /** All workers as one gate; undefined while none is up. What one of them listens on, all do. */
  async #ask(): Promise<GateStatus | undefined> {
    const statuses = await Promise.all(this.#workers.map((worker) => worker.status()));
    const up = statuses.filter((status) => status !== undefined);
    // A worker that cannot serve says why, where no other can either.
    const shown = up.find(({ ready }) => ready) ?? up[0];
    if (shown === undefined) return undefined;
    const workers = this.#workers.map(({ child }, index) => ({
      ...(child === undefined ? {} : { pid: child.identity.pid }),
      ready: statuses[index]?.ready ?? false,
      openConnections: statuses[index]?.openConnections ?? 0,
    }));
    return { ...shown, openConnections: workers.reduce((sum, worker) => sum + worker.openConnections, 0), workers };
  }

  /** One that does not answer is left out. */
  async #askAll(question: AdminQuestion): Promise<readonly unknown[]> {
    const answers = await Promise.all(this.#workers.map(({ child }) => child?.inspect(question).catch(() => undefined)));
    return answers.filter((answer) => answer !== undefined);
  }

  async #askMetrics(): Promise<ReadonlyMap<string, MetricsData>> {
    const answers = await Promise.all(
      this.#workers.map(
        async ({ child }) => [String(child?.identity.pid), await child?.metrics().catch(() => undefined)] as const,
      ),
    );
    return new Map(answers.flatMap(([pid, data]) => (data === undefined ? [] : [[pid, data] as const])));
  }

  async #all(work: (worker: GateKeeper) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#workers.map(work));
  }

  #done(id: number): void {
    this.#options.send({ type: 'done', id });
  }

  #inTurn(work: () => Promise<unknown>): void {
    this.#turn = this.#turn.then(async () => {
      await work();
    });
  }
}

/** A certificate that takes longer comes later, by itself. */
const renewMs = 5000;
