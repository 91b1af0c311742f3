import {
  type CertificateAuthority,
  FolderSource,
  type FolderWatch,
  openAuthority,
  type Reading,
  type RevocationList,
} from '@sallyport/control';
import type { Diagnostic, Dialect, SourceFile } from '@sallyport/policy';
import { commandEnvironment } from '../command-environment.js';
import { CommandFailure, isFullDisk } from '../exit-status.js';

import { type FileChange, fileChange } from '../gate-protocol/file-change.js';
import type { DecisionChoice, TraceChoice } from '../gate-protocol/gate-arguments.js';
import { type GateRole, gateName, type SnapshotChange, type SnapshotData } from '../gate-protocol/messages.js';
import type { CommandUser } from '../isolation/command-user.js';
import { MeshNamespaces } from '../isolation/mesh-namespaces.js';

import { type MeshState, writeMeshState } from '../state/mesh-state.js';
import { identifyProcess } from '../state/process-identity.js';
import { grantCertificate, requireAccount } from './answer-control.js';
import type { ApplicationPlan } from './application.js';
import { ApplicationGroup } from './application-group.js';
import { type ControlSocket, openControlSocket } from './control-socket.js';
import { forkGate } from './fork-gate.js';
import { GateRefusal, type SignedForGate } from './gate-child.js';
import type { GateKeeperOptions } from './gate-keeper.js';
import { GateSet } from './gate-set.js';
import { ListFile } from './list-file.js';
import { loadMesh } from './load-mesh.js';
import { LogFiles } from './log-files.js';
import { AddressAuthority } from './mesh-addresses.js';
import type { MeshEvent } from './mesh-event.js';
import { planGates, servesIdentity } from './mesh-plan.js';
import type { MeshStatus, RefusedChange } from './mesh-status.js';
import type { MeshVersion } from './mesh-version.js';
import { reportFile, reportMesh } from './report-mesh.js';
import { Revocations } from './revocations.js';

/** What a supervisor is started with. */
export interface SupervisorOptions {
  /** Processes that share the load of each gate. */
  readonly workers: number;
  /** Has every gate write down its decisions. */
  readonly decisions?: DecisionChoice;
  /** Has every gate export its traces. */
  readonly traces?: TraceChoice;
  readonly id: string;
  /** The state folder, which this supervisor has locked. */
  readonly directory: string;
  /** The folder of manifests: its real path, and as the user typed it, which is how places are printed. */
  readonly folder: string;
  readonly typedFolder: string;
  readonly dialect: Dialect;
  readonly listener: (event: MeshEvent, files: readonly SourceFile[]) => void;
  /** A file of revocation lists beside the authority's own. */
  readonly crl?: string;
  /** Gives each workload a network namespace, and runs commands there as this user. */
  readonly isolateFor?: CommandUser;
}

/** A folder that cannot be started: what is wrong in it. */
export class InvalidFolder extends Error {
  override readonly name = 'InvalidFolder';

  constructor(
    readonly diagnostics: readonly Diagnostic[],
    readonly files: readonly SourceFile[],
  ) {
    super('the folder is invalid');
  }
}

/** How long connections get to finish when the mesh ends. */
const drainMs = 2000;

/**
 * Runs the mesh of a folder: keeps its gates and applications running, and brings each change of the folder to all gates or to none.
 *
 * INVARIANT (last good state): `#current` is what every running gate enforces or, where it does not confirm so, is killed for. It changes
 * only after every gate has prepared.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #authority: CertificateAuthority;
  readonly #addresses: AddressAuthority;
  readonly #source: FolderSource;
  /** What the folder held when it was loaded. */
  readonly #reading: Reading;
  readonly #logs: LogFiles;
  readonly #gates: GateSet;
  readonly #revocations: Revocations;
  readonly #applications: ApplicationGroup;
  #namespaces: MeshNamespaces | undefined;
  #current: MeshVersion;
  /** The state that gates prepare now: they may ask for its identities. */
  #preparing: MeshVersion | undefined;
  #lastRefused: RefusedChange | undefined;
  #watch: FolderWatch | undefined;
  #control: ControlSocket | undefined;
  #next: Reading | undefined;
  #changing: Promise<void> | undefined;
  #recording: Promise<void> = Promise.resolve();
  #ready = false;
  #stopped: Promise<void> | undefined;

  private constructor(
    options: SupervisorOptions,
    parts: {
      authority: CertificateAuthority;
      addresses: AddressAuthority;
      source: FolderSource;
      reading: Reading;
      first: MeshVersion;
      revocation: RevocationList;
      listFile: ListFile | undefined;
    },
  ) {
    this.#options = options;
    this.#authority = parts.authority;
    this.#addresses = parts.addresses;
    this.#source = parts.source;
    this.#reading = parts.reading;
    this.#current = parts.first;
    this.#logs = new LogFiles(options.directory, (from, line) => this.#tell({ event: 'line', from, line }));
    this.#gates = new GateSet((role) => this.#gateOptions(role));
    this.#revocations = new Revocations({
      authority: parts.authority,
      gates: () => this.#gates.keepers,
      first: parts.revocation,
      file: parts.listFile,
      onFile: (file) => this.#tell({ event: 'revocation', ...reportFile(file) }),
    });
    this.#applications = new ApplicationGroup((workload) => ({
      logFile: this.#logs.open(workload),
      record: () => this.#record(),
      report: (detail) => this.#tell({ event: 'application', workload, detail }),
    }));
  }

  /** Reads the folder; nothing runs yet. Rejects with `InvalidFolder`. */
  static async load(options: SupervisorOptions): Promise<Supervisor> {
    const source = new FolderSource([options.typedFolder]);
    const reading = await source.read();
    const loaded = loadMesh(reading, options.dialect);
    if ('diagnostics' in loaded) throw new InvalidFolder(loaded.diagnostics, loaded.files);
    const { inventory } = loaded.built;
    const addresses = await AddressAuthority.open(
      options.directory,
      options.id,
      options.isolateFor === undefined ? undefined : { meshId: options.id, files: filesOf(options) },
    );
    const first = {
      number: 1,
      since: new Date(),
      loaded,
      inventory,
      files: loaded.files,
      addresses: await addresses.addressesOf(inventory),
    };
    const authority = await openAuthority(`${options.directory}/ca`, `mesh ${options.id}`).catch((error: Error) => {
      if (isFullDisk(error)) throw error;
      throw new CommandFailure(`the certificate authority cannot be opened: ${error.message}`, {
        hint: `remove \`${options.directory}/ca\` to begin with a new one; what was revoked is then moot`,
      });
    });
    const revocation = await authority.revocationList();
    const listFile = options.crl === undefined ? undefined : await ListFile.open(options.crl, authority.bundle);
    return new Supervisor(options, { authority, addresses, source, reading, first, revocation, listFile });
  }

  /** Brings the mesh up; resolves once it is ready. Rejects, with nothing left running, with `CommandFailure`. */
  async begin(): Promise<void> {
    try {
      await this.#applications.assertFree(this.#applicationPlans());
      await this.#openNamespaces();
      this.#control = await openControlSocket(this.#options.directory, {
        status: () => this.status(),
        certificate: (wish) => grantCertificate(this.#authority, this.#current.inventory, this.#revocations.list, wish),
        revoke: (wish) => this.#revocations.revoke('certificate' in wish ? wish : requireAccount(this.#current.inventory, wish)),
      });
      await this.#gates.change(
        this.#current.number,
        planGates(this.#current.inventory),
        (role) => ({ number: this.#current.number, whole: () => this.#snapshotFor(role, this.#current) }),
        () => undefined,
      );
      if (this.#stopped === undefined) await this.#applications.apply(this.#applicationPlans());
      const silent = await this.#applications.listening();
      for (const workload of silent) this.#tell({ event: 'application', workload, detail: 'does not listen yet' });
      if (this.#stopped !== undefined) throw new CommandFailure('told to end while starting');
      this.#watch = this.#source.watch(this.#reading, (next) => this.#changed(next));
    } catch (error) {
      await this.stop();
      throw error instanceof GateRefusal ? new CommandFailure(error.message) : error;
    }
    this.#ready = true;
    this.#tell({ event: 'ready', status: await this.status() });
  }

  /** What is up. */
  async status(): Promise<MeshStatus> {
    return reportMesh({
      id: this.#options.id,
      folder: this.#options.folder,
      version: this.#current,
      gates: this.#gates.keepers,
      adminAddress: (gate) => this.#addresses.adminAddress(gate),
      applications: this.#applications,
      commandUser: this.#options.isolateFor,
      listFile: this.#revocations.file,
      lastRefused: this.#lastRefused,
      logs: this.#logs.directory,
    });
  }

  /** Ends everything: the gates let connections finish, then the applications end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    this.#gates.kill();
    await this.#applications.kill();
  }

  async #end(): Promise<void> {
    this.#watch?.close();
    this.#revocations.close();
    await this.#changing;
    if (this.#ready) this.#tell({ event: 'stopping' });
    await this.#gates.stop(drainMs);
    await this.#applications.stop();
    await this.#namespaces?.close();
    await this.#control?.close();
    this.#logs.close();
    await this.#recording;
  }

  /** Takes the newest reading; one that came meanwhile replaces what waits, as only the last one counts. */
  #changed(reading: Reading): void {
    this.#next = reading;
    this.#changing ??= this.#applyChanges();
  }

  async #applyChanges(): Promise<void> {
    while (this.#next !== undefined && this.#stopped === undefined) {
      const reading = this.#next;
      this.#next = undefined;
      await this.#apply(reading);
    }
    // At once, not when the promise settles: a reading that came between would wait for the one after it.
    this.#changing = undefined;
  }

  async #apply(reading: Reading): Promise<void> {
    const started = Date.now();
    const loaded = loadMesh(reading, this.#options.dialect, this.#current.loaded);
    const { files } = loaded;
    if ('diagnostics' in loaded) return this.#refuse(loaded.diagnostics, files);
    const { inventory } = loaded.built;
    try {
      const addresses = await this.#addresses.addressesOf(inventory);
      await this.#commit({ number: this.#current.number + 1, since: new Date(), loaded, inventory, files, addresses }, started);
    } catch (error) {
      this.#refuse([], files, (error as Error).message);
    }
  }

  async #commit(next: MeshVersion, started: number): Promise<void> {
    const before = this.#current;
    const files = fileChange(before.files, next.files);
    this.#preparing = next;
    try {
      await this.#namespaces?.add(next.addresses.namespaces ?? []);
      await this.#gates.change(
        next.number,
        planGates(next.inventory),
        (role) => ({
          number: next.number,
          change: this.#changeFor(role, before, next, files),
          whole: () => this.#snapshotFor(role, next),
        }),
        () => {
          this.#current = next;
        },
      );
    } catch (error) {
      await this.#namespaces?.keep(before.addresses.namespaces ?? []);
      throw error;
    } finally {
      this.#preparing = undefined;
    }
    this.#lastRefused = undefined;
    // Applications and what is recorded follow from workloads, addresses and gates.
    if (!hasSameAddresses(before, next) || before.inventory.gateways !== next.inventory.gateways) {
      await this.#applications.apply(this.#applicationPlans());
      await this.#namespaces?.keep(next.addresses.namespaces ?? []);
      await this.#record().catch((error: Error) => this.#tell({ event: 'unrecorded', problem: error.message }));
    }
    const paths = [...files.written.map(({ path }) => path), ...files.removed].sort();
    this.#tell({ event: 'changed', snapshot: next.number, tookMs: Date.now() - started, files: paths });
  }

  /** Recorded first: whatever becomes of this process, `down` finds what it has made. */
  async #openNamespaces(): Promise<void> {
    if (this.#options.isolateFor === undefined) return;
    await this.#record();
    this.#namespaces = await MeshNamespaces.open(this.#options.id, filesOf(this.#options));
    await this.#namespaces.add(this.#current.addresses.namespaces ?? []);
  }

  #refuse(diagnostics: readonly Diagnostic[], files: readonly SourceFile[], error?: string): void {
    const refusal = error === undefined ? { diagnostics } : { diagnostics, error };
    this.#lastRefused = { at: new Date().toISOString(), ...refusal };
    this.#options.listener({ event: 'refused', snapshot: this.#current.number, ...refusal }, files);
  }

  #gateOptions(role: GateRole): GateKeeperOptions {
    const name = gateName(role);
    const logFile = this.#logs.open(name);
    const { decisions: which, traces, workers } = this.#options;
    return {
      role,
      fork: () =>
        forkGate({
          name,
          workers,
          logFile,
          ...(which && { decisions: { file: this.#logs.decisions(name), which } }),
          ...(traces && { traces }),
        }),
      adminAddress: this.#addresses.adminAddress(name),
      revocation: () => this.#revocations.list,
      sign: (identity, request) => this.#sign(role, identity, request),
      committed: () => this.#snapshotFor(role, this.#current),
      record: () => this.#record(),
      report: (event) => this.#tell({ event: 'gate', gate: name, ...event }),
    };
  }

  #snapshotFor(role: GateRole, version: MeshVersion): SnapshotData {
    const addresses = this.#addresses.bookFor(role, version.addresses, version.inventory);
    return { number: version.number, files: version.files, dialect: this.#options.dialect, addresses };
  }

  #changeFor(role: GateRole, before: MeshVersion, next: MeshVersion, files: FileChange): SnapshotChange {
    const change = { number: next.number, base: before.number, files };
    if (hasSameAddresses(before, next)) return change;
    return { ...change, addresses: this.#addresses.bookFor(role, next.addresses, next.inventory) };
  }

  /** A gate gets the identities that it serves and no other, whatever it asks for. */
  async #sign(role: GateRole, identity: string, request: string): Promise<SignedForGate> {
    const inventories = [this.#current, ...(this.#preparing === undefined ? [] : [this.#preparing])].map((one) => one.inventory);
    if (!inventories.some((inventory) => servesIdentity(role, inventory, identity))) {
      throw new Error(`${gateName(role)} does not serve \`${identity}\``);
    }
    const { chain, bundle, notBefore, notAfter } = await this.#authority.issue(identity, request);
    return { chain, bundle, validity: { notBefore: notBefore.getTime(), notAfter: notAfter.getTime() } };
  }

  #applicationPlans(): ApplicationPlan[] {
    const { inventory, addresses } = this.#current;
    const hosts = new Map(addresses.entries.map((entry) => [entry.key, entry.applicationAddress]));
    const shifted = new Set(addresses.shiftedPorts);
    return this.#addresses.accessOf(inventory, addresses).flatMap((access) => {
      const workload = inventory.workloads.get(access.key);
      const host = hosts.get(access.key);
      const { folder, isolateFor: user } = this.#options;
      // Of an isolated mesh nothing runs on this machine's own network, or as root.
      if (workload?.run === undefined || host === undefined || (user !== undefined && access.place === undefined)) return [];
      const [declared] = workload.ports;
      const port = declared === undefined ? {} : { port: shifted.has(declared) ? declared + 10_000 : declared };
      const environment = { ...commandEnvironment(process.env, access, user), SALLYPORT_MESH: folder };
      const isolation = access.place === undefined || user === undefined ? {} : { isolation: { place: access.place, user } };
      return [{ workload: access.key, command: workload.run, folder, environment, host, ...port, ...isolation }];
    });
  }

  /** Writes down which processes exist. One write at a time, each with what is true when its turn comes. Rejects where that is not possible now. */
  #record(): Promise<void> {
    const { directory } = this.#options;
    const recorded = this.#recording.then(() => writeMeshState(directory, this.#state()));
    this.#recording = recorded.catch(() => undefined);
    return recorded.catch((error: Error) => {
      throw new CommandFailure(`what runs cannot be written down in ${directory}: ${error.message}`);
    });
  }

  #state(): MeshState {
    const supervisor = identifyProcess(process.pid);
    if (supervisor === undefined) throw new Error('this process cannot see itself');
    return {
      id: this.#options.id,
      folder: this.#options.folder,
      supervisor,
      gates: this.#gates.keepers.flatMap(({ name, child }) => (child === undefined ? [] : [{ name, ...child.identity }])),
      applications: this.#applications.applications.flatMap(({ plan, leader }) =>
        leader === undefined ? [] : [{ workload: plan.workload, ...leader }],
      ),
      workloads: this.#addresses.accessOf(this.#current.inventory, this.#current.addresses),
      ...(this.#options.isolateFor === undefined ? {} : { commandUser: this.#options.isolateFor }),
    };
  }

  #tell(event: MeshEvent): void {
    this.#options.listener(event, this.#current.files);
  }
}

/** Where the files are that stand in for this machine's in each namespace. */
function filesOf({ directory }: SupervisorOptions): string {
  return `${directory}/namespaces`;
}

/** Whether nothing about workloads and their addresses is different, which is seen by identity. */
function hasSameAddresses(before: MeshVersion, next: MeshVersion): boolean {
  return before.addresses === next.addresses && before.inventory.workloads === next.inventory.workloads;
}
