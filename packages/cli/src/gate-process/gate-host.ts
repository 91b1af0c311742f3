import {
  type AdminServer,
  ControlMetrics,
  createMetricsRegistry,
  type Gate,
  type GateOptions,
  type Snapshot,
  startAdminServer,
} from '@sallyport/mesh';
import {
  adminPort,
  type FromGate,
  type GateRole,
  gateName,
  type SnapshotChange,
  type SnapshotData,
  type ToGate,
} from '../gate-protocol/messages.js';
import { ChannelCredentials } from './channel-credentials.js';
import { ChannelRevocation } from './channel-revocation.js';
import { describeFailure } from './describe-failure.js';
import { SnapshotMaker } from './snapshot-maker.js';

/** What a host needs from its process. */
export interface GateHostOptions {
  /** Sends to the supervisor; false where it is gone. */
  readonly send: (message: FromGate) => boolean;
  readonly log: (line: string) => void;
  readonly startGate: (role: GateRole, options: GateOptions) => Promise<Gate>;
}

/** One gate in its own process, driven by the messages of its supervisor; they are carried out one after the other. */
export class GateHost {
  readonly #options: GateHostOptions;
  readonly #metrics = createMetricsRegistry();
  readonly #control = new ControlMetrics(this.#metrics);
  readonly #credentials: ChannelCredentials;
  readonly #revocation = new ChannelRevocation();
  readonly #snapshots = new SnapshotMaker();
  #gate: Gate | undefined;
  #admin: AdminServer | undefined;
  #started = false;
  #turn: Promise<void> = Promise.resolve();
  #stop: (drainMs: number) => void = () => undefined;

  constructor(options: GateHostOptions) {
    this.#options = options;
    this.#credentials = new ChannelCredentials({
      sign: (id, identity, request) => options.send({ type: 'sign', id, identity, request }),
      log: options.log,
      renewalFailed: () => this.#control.renewalFailed(),
    });
  }

  /** Whether the start message has come. */
  get hasStarted(): boolean {
    return this.#started;
  }

  /** Called when the supervisor asks for an end. */
  onStop(listener: (drainMs: number) => void): void {
    this.#stop = listener;
  }

  /** Takes a message. Signatures, status and commits are answered at once, what takes time waits its turn. */
  receive(message: ToGate): void {
    switch (message.type) {
      case 'start':
        this.#started = true;
        this.#revocation.put(message.revocation);
        this.#inTurn(() => this.#start(message));
        break;
      case 'prepare':
        this.#inTurn(() => this.#prepare(message.snapshot));
        break;
      case 'prepare-change':
        this.#inTurn(() => this.#prepareChange(message.change));
        break;
      case 'commit':
        this.#commit(message.number);
        break;
      case 'abort':
        this.#inTurn(async () => this.#gate?.abort(message.number));
        break;
      case 'status':
        this.#status(message.id);
        break;
      case 'renew':
        void this.#credentials.renew(message.identity).finally(() => this.#options.send({ type: 'done', id: message.id }));
        break;
      case 'revocation':
        this.#revocation.put(message.list);
        this.#options.send({ type: 'done', id: message.id });
        break;
      case 'signed':
        this.#credentials.signed(message.id, message.chain, message.bundle, message.validity);
        break;
      case 'not-signed':
        this.#credentials.notSigned(message.id, message.error);
        break;
      case 'stop':
        this.#stop(message.drainMs);
        break;
    }
  }

  /** The gate goes on with its last state; what waits for a signature fails now rather than never. */
  supervisorGone(): void {
    this.#options.log('the supervisor is gone; the last state stays in force');
    this.#control.supervisorGone();
    this.#credentials.disconnected();
  }

  /** Ends the gate; connections get `drainMs` to finish. */
  async close(drainMs: number): Promise<void> {
    // What finishes may still need certificates, and whoever asks is told that this gate is not ready.
    await this.#gate?.close(drainMs);
    this.#credentials.close();
    await this.#admin?.close();
  }

  async #start(message: Extract<ToGate, { type: 'start' }>): Promise<void> {
    const { role, snapshot, adminAddress } = message;
    try {
      this.#admin = await startAdminServer({
        address: adminAddress,
        port: adminPort,
        metrics: this.#metrics,
        ready: () => this.#gate?.status().ready ?? false,
      });
      this.#gate = await this.#options.startGate(role, {
        snapshot: this.#snapshots.whole(snapshot),
        credentials: this.#credentials,
        revocation: this.#revocation,
        log: this.#options.log,
        metrics: this.#metrics,
      });
      this.#snapshots.committed(snapshot.number);
      this.#options.send({ type: 'started' });
    } catch (error) {
      this.#options.log(
        `${gateName(role)} could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      this.#options.send({ type: 'start-failed', error: describeFailure(error) });
    }
  }

  #prepare(data: SnapshotData): Promise<void> {
    return this.#prepareMade(data.number, () => this.#snapshots.whole(data));
  }

  #prepareChange(change: SnapshotChange): Promise<void> {
    return this.#prepareMade(change.number, () => this.#snapshots.changed(change));
  }

  async #prepareMade(number: number, make: () => Snapshot | undefined): Promise<void> {
    try {
      if (this.#gate === undefined) throw new Error('the gate has not started');
      const snapshot = make();
      if (snapshot === undefined) {
        this.#options.send({ type: 'lacks-base', number });
        return;
      }
      await this.#gate.prepare(snapshot);
      this.#options.send({ type: 'prepared', number });
    } catch (error) {
      this.#options.send({ type: 'refused', number, error: describeFailure(error) });
    }
  }

  /** A commit that throws ends the process: half a state must not go on. */
  #commit(number: number): void {
    this.#gate?.commit(number);
    this.#snapshots.committed(number);
    this.#options.send({ type: 'committed', number });
  }

  #status(id: number): void {
    if (this.#gate !== undefined) this.#options.send({ type: 'status', id, status: this.#gate.status() });
  }

  #inTurn(work: () => Promise<unknown>): void {
    this.#turn = this.#turn.then(async () => {
      await work();
    });
  }
}
