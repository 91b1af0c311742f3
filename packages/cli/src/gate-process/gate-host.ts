import {
  type AdminServer,
  ControlMetrics,
  createMetricsRegistry,
  type Gate,
  type GateOptions,
  readMetrics,
  type Snapshot,
  startAdminServer,
  startTraces,
  type Traces,
} from '@sallyport/mesh';
import {
  adminPort,
  type GateRole,
  gateName,
  type SnapshotChange,
  type SnapshotData,
  type ToGate,
} from '../gate-protocol/messages.js';
import { ChannelCredentials } from './channel-credentials.js';
import { ChannelRevocation } from './channel-revocation.js';
import { ChannelStandIns } from './channel-stand-ins.js';
import { collectorHeaders } from './collector-headers.js';
import { describeFailure } from './describe-failure.js';
import type { GateProcess, GateProcessOptions } from './gate-process.js';
import { Inspector } from './inspector.js';
import { SigningChannel } from './signing-channel.js';
import { SnapshotMaker } from './snapshot-maker.js';

/** How long the last spans of a gate that ends may take. */
const traceDrainMs = 1000;

/** What a host needs from its process. */
export interface GateHostOptions extends GateProcessOptions {
  readonly startGate: (role: GateRole, options: GateOptions) => Promise<Gate>;
  /** Whether this process is one of several that are the gate. */
  readonly isWorker?: boolean;
}

/** One gate in its own process, driven by the messages of its supervisor; they are carried out one after the other. */
export class GateHost implements GateProcess {
  readonly #options: GateHostOptions;
  readonly #metrics = createMetricsRegistry();
  readonly #control = new ControlMetrics(this.#metrics);
  readonly #signing: SigningChannel;
  readonly #credentials: ChannelCredentials;
  readonly #revocation = new ChannelRevocation();
  readonly #standIns: ChannelStandIns | undefined;
  readonly #snapshots = new SnapshotMaker();
  readonly #inspector: Inspector;
  #role: GateRole | undefined;
  #gate: Gate | undefined;
  #admin: AdminServer | undefined;
  #traces: Traces | undefined;
  #started = false;
  #turn: Promise<void> = Promise.resolve();
  #stop: (drainMs: number) => void = () => undefined;

  constructor(options: GateHostOptions) {
    this.#options = options;
    this.#signing = new SigningChannel((id, identity, request) => options.send({ type: 'sign', id, identity, request }));
    this.#credentials = new ChannelCredentials(this.#signing, {
      log: options.log,
      renewalFailed: () => this.#control.renewalFailed(),
    });
    this.#standIns = options.isWorker === true ? new ChannelStandIns(options.send) : undefined;
    this.#inspector = new Inspector({
      gate: () => this.#gate,
      role: () => this.#role,
      snapshot: () => this.#snapshots.inForce,
      credentials: this.#credentials,
    });
  }

  get hasStarted(): boolean {
    return this.#started;
  }

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
      case 'inspect':
        this.#options.send({ type: 'inspected', id: message.id, answer: this.#inspector.answer(message.question) });
        break;
      case 'metrics':
        void this.#tellMetrics(message.id);
        break;
      case 'supervisor-gone':
        this.supervisorGone();
        break;
      case 'stand-in':
        this.#standIns?.answered(message.id, message.answer);
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
    this.#control.supervisorGone();
    this.#signing.disconnected();
  }

  async close(drainMs: number): Promise<void> {
    // What finishes may still need certificates, and whoever asks is told that this gate is not ready.
    await this.#gate?.close(drainMs);
    this.#credentials.close();
    await this.#traces?.close(traceDrainMs);
    await this.#admin?.close();
  }

  async #start(message: Extract<ToGate, { type: 'start' }>): Promise<void> {
    const { role, snapshot, adminAddress } = message;
    try {
      this.#admin = await this.#openAdmin(adminAddress);
      this.#role = role;
      this.#traces = this.#startTraces(gateName(role));
      this.#gate = await this.#options.startGate(role, {
        snapshot: this.#snapshots.whole(snapshot),
        credentials: this.#credentials,
        revocation: this.#revocation,
        ...(this.#standIns === undefined ? {} : { standIns: this.#standIns }),
        log: this.#options.log,
        logThreshold: this.#inspector.threshold,
        ...(this.#options.decisions === undefined ? {} : { decisions: this.#options.decisions }),
        ...(this.#traces === undefined ? {} : { tracer: this.#traces.tracer }),
        metrics: this.#metrics,
        ...(this.#options.share === undefined ? {} : { share: this.#options.share }),
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

  #startTraces(service: string): Traces | undefined {
    const { traces, log } = this.#options;
    return traces && startTraces({ ...traces, headers: collectorHeaders(process.env), service, metrics: this.#metrics, log });
  }

  /** One of several workers has none: whoever started it answers for all. */
  #openAdmin(address: string | undefined): Promise<AdminServer> | undefined {
    const ready = (): boolean => this.#gate?.status().ready ?? false;
    return address === undefined
      ? undefined
      : startAdminServer({
          address,
          port: adminPort,
          metrics: this.#metrics,
          ready,
          ask: async (question) => [this.#inspector.answer(question)],
        });
  }

  async #tellMetrics(id: number): Promise<void> {
    this.#options.send({ type: 'metrics', id, metrics: await readMetrics(this.#metrics) });
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
