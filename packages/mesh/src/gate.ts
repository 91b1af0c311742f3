import type { Inventory } from '@sallyport/policy';
import type { Registry } from 'prom-client';
import type { RevocationSource } from './identity/revocation/revocation.js';
import type { AcceptShare } from './socket/accept-share.js';
import type { LogFormat, LogThreshold } from './telemetry/log-line.js';
import type { Tracer } from './telemetry/tracing/tracer.js';

/**
 * Policy addresses and the sockets that stand for them in a local mesh (design: "Local mesh"). Every workload has one socket
 * address in 127.0.0.0/8, which belongs to its gate, and, where a command runs it, a private one that only the gate dials.
 */
export interface AddressBook {
  /** The socket address of a workload's policy address; undefined for an address that no workload has. */
  socketAddress(policyAddress: string): string | undefined;
  /** The policy address of a socket peer; the peer itself where it is not a workload's. */
  policyAddress(socketAddress: string): string;
  /** Where the application of this workload listens; undefined where nothing runs it. */
  applicationAddress(workloadKey: string): string | undefined;
  /** The port that is really opened for a declared one: itself, or + 10000 where this user may not open it. */
  socketPort(port: number): number;
  /** Every address that belongs to a gate: no passthrough dials one. */
  isGateAddress(socketAddress: string): boolean;
  /**
   * What a client must present at a workload's SOCKS listener: reaching it with this *is* the identity. Held by the source
   * sides' book only; undefined elsewhere, and for a workload that nobody may run as.
   */
  proxyCredential(workloadKey: string): ProxyCredential | undefined;
  /** Where every workload has a network namespace of its own; absent where all share this machine's network. */
  readonly namespaces?: NamespaceBook;
}

/**
 * The network namespaces of a mesh (`up --isolate`). Socket addresses are policy addresses there, and what an application sends and gets
 * is captured as ambient captures it (reference section 7.1).
 */
export interface NamespaceBook {
  /** The file of a workload's namespace; undefined for one that has none, for which nothing may be opened. */
  fileOf(workloadKey: string): string | undefined;
  /** Where a gateway listens on this machine's own network, besides its namespace. */
  hostAddress(workloadKey: string): string | undefined;
}

/** User name and password of one workload's SOCKS listener, random for each run of a mesh. */
export interface ProxyCredential {
  readonly username: string;
  readonly password: string;
}

/** One numbered state of the mesh; gates prepare it, then commit it, as a whole or not at all. */
export interface Snapshot {
  readonly number: number;
  readonly inventory: Inventory;
  readonly addresses: AddressBook;
}

/** A key and certificate chain for one workload identity, PEM, with the trust bundle to judge peers by. */
export interface Credentials {
  readonly identity: string;
  readonly key: string;
  readonly chain: string;
  readonly bundle: string;
  readonly notAfter: Date;
}

/** Where a gate gets certificates; implementations renew well before expiry. */
export interface CredentialSource {
  /** Resolves with usable credentials; rejects if none can be had, and the gate then denies. */
  fetch(identity: string): Promise<Credentials>;
  /** The newest credentials if already fetched. */
  current(identity: string): Credentials | undefined;
  /** Called with the identity whenever its credentials were renewed. Returns a function that stops it. */
  onRenewal(listener: (identity: string) => void): () => void;
}

/** Where the lines of decisions go, and which decisions get one. */
export interface DecisionSink {
  /** Every decision; without it plain allows get no line. */
  readonly all: boolean;
  /** Takes one line of JSON, without its newline. Never throws. */
  readonly write: (line: string) => void;
}

/**
 * Addresses that stand for names, so that a captured connection tells which name was meant. Where several processes share a gate, all
 * have the same: what one of them answers, another one gets the connection to.
 */
export interface StandIns {
  /** Rejects where nobody can say. */
  addressOf(name: string): string | Promise<string>;
  /** The name that an address stands for, if it does. Rejects where nobody can say. */
  nameOf(address: string): string | undefined | Promise<string | undefined>;
}

/** What every gate is started with; the ones for a waypoint and a gateway add `gateway`, the key of theirs. */
export interface GateOptions {
  /** In force from the start; `startX` rejects where its sockets cannot be opened. */
  readonly snapshot: Snapshot;
  readonly credentials: CredentialSource;
  /** Where revocation lists come from; absent where none are configured, and no peer is asked about then. */
  readonly revocation?: RevocationSource;
  /** What stands for names; the gate's own where absent, as it may be where one process is all of the gate. */
  readonly standIns?: StandIns;
  /** Takes one access log line, without its newline. Never throws. */
  readonly log: (line: string) => void;
  /** Plain text where absent (reference section 7.12). */
  readonly logFormat?: LogFormat;
  /** What the access log takes, and may be changed to at any time; everything from `info` on where absent. */
  readonly logThreshold?: LogThreshold;
  /** Takes the lines of the decision log; absent where there is none, which costs nothing then. */
  readonly decisions?: DecisionSink;
  /** Begins the spans of its connections and requests; absent where none are exported, which costs nothing then. */
  readonly tracer?: Tracer;
  /** Where the gate registers its metrics; one registry per gate process. */
  readonly metrics: Registry;
  /** Where other processes accept from the sockets of this gate, instead of one that hands out what it accepts. */
  readonly share?: AcceptShare;
}

/** One end of an open connection, by its policy address. */
interface LiveEnd {
  readonly address: string;
  readonly workload?: string;
  readonly identity?: string;
  readonly service?: string;
}

/** A connection that is open at a gate. */
export interface LiveConnection {
  readonly source: LiveEnd;
  readonly destination: LiveEnd;
  readonly ageMs: number;
  /** Of a connection with HTTP: its requests in flight. */
  readonly requests?: number;
}

/** One gate process's part of a mesh, driven by its supervisor. */
export interface Gate {
  readonly name: string;
  /** Opens what the snapshot needs and the current one has not; rejects, leaving everything as it was, where that fails. */
  prepare(snapshot: Snapshot): Promise<void>;
  /** Puts the prepared snapshot in force, synchronously; connections that it no longer allows end. */
  commit(number: number): void;
  /** Drops a prepared snapshot. */
  abort(number: number): Promise<void>;
  /** Stops listening, lets connections finish for up to `drainMs` milliseconds, then ends them. */
  close(drainMs: number): Promise<void>;
  /** What `sallyport status` shows. */
  status(): GateStatus;
  /** The oldest of its open connections, so many at most. */
  connections(most: number): readonly LiveConnection[];
}

/** A gate's own view of itself. */
export interface GateStatus {
  readonly name: string;
  readonly kind: 'ztunnel-source' | 'ztunnel-destination' | 'waypoint' | 'gateway' | 'east-west';
  readonly snapshot: number;
  /** Whether its snapshot is in force and it can serve: not while it drains, nor while there is a `problem`. */
  readonly ready: boolean;
  /** Why it serves nobody. */
  readonly problem?: string;
  readonly openConnections: number;
  /** The processes that share its load, where there are several. */
  readonly workers?: readonly { readonly pid?: number; readonly ready: boolean; readonly openConnections: number }[];
  /** Sockets that are open, with what they are for. */
  readonly listeners: readonly {
    readonly address: string;
    readonly port: number;
    readonly purpose: string;
    readonly workload: string;
  }[];
}
