import type { AdminQuestion, GateStatus, MetricsData } from '@sallyport/mesh';
import type { Dialect, SourceFile } from '@sallyport/policy';
import type { AddressBookData } from '../addresses/address-book.js';
import type { FileChange } from './file-change.js';

/** Which gate a process is. `gateway` is the key of the Gateway that it serves. */
export type GateRole =
  | { readonly kind: 'ztunnel-source' }
  | { readonly kind: 'ztunnel-destination' }
  | { readonly kind: 'waypoint'; readonly gateway: string }
  | { readonly kind: 'gateway'; readonly gateway: string }
  | { readonly kind: 'east-west'; readonly gateway: string };

/**
 * A state of the mesh as it travels: the texts themselves. The policy package is pure, so every process makes the same inventory of
 * them, and no second encoding of policies exists that could differ.
 */
export interface SnapshotData {
  readonly number: number;
  readonly files: readonly SourceFile[];
  readonly dialect: Dialect;
  readonly addresses: AddressBookData;
}

/**
 * The same as what is different from a state that a gate has in force, so that one edit costs what it is about and not what the mesh
 * is. Complete or nothing: a gate that has another state in force says so, and gets the whole.
 */
export interface SnapshotChange {
  readonly number: number;
  /** The state that this goes on from. */
  readonly base: number;
  readonly files: FileChange;
  /** Absent: those of the base. */
  readonly addresses?: AddressBookData;
}

/** What a supervisor says to a gate process. Requests carry an `id` that the answer repeats. */
export type ToGate =
  /** First message. The supervisor has recorded the process by now, so that `sallyport down` can find it. */
  | {
      readonly type: 'start';
      readonly role: GateRole;
      readonly snapshot: SnapshotData;
      /** Where its own endpoints are; one of several workers has none. */
      readonly adminAddress?: string;
      readonly revocation: string;
    }
  | { readonly type: 'prepare'; readonly snapshot: SnapshotData }
  | { readonly type: 'prepare-change'; readonly change: SnapshotChange }
  | { readonly type: 'commit'; readonly number: number }
  | { readonly type: 'abort'; readonly number: number }
  | { readonly type: 'status'; readonly id: number }
  | { readonly type: 'metrics'; readonly id: number }
  | { readonly type: 'inspect'; readonly id: number; readonly question: AdminQuestion }
  /** Get another certificate for this identity now, where you have one. */
  | { readonly type: 'renew'; readonly id: number; readonly identity: string }
  /** The revocation lists from now on, PEM; empty where some of them cannot be had. */
  | { readonly type: 'revocation'; readonly id: number; readonly list: string }
  | { readonly type: 'signed'; readonly id: number; readonly chain: string; readonly bundle: string; readonly validity: Validity }
  | { readonly type: 'not-signed'; readonly id: number; readonly error: string }
  /** To a worker: the address or name that it asked for; absent where the address stands for no name. */
  | { readonly type: 'stand-in'; readonly id: number; readonly answer?: string }
  /** To a worker: nobody will sign or change anything any more. */
  | { readonly type: 'supervisor-gone' }
  | { readonly type: 'stop'; readonly drainMs: number };

/** When a certificate is valid, in milliseconds since 1970. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What a gate process says to its supervisor. */
export type FromGate =
  /** First message: from now on the process listens to what it is told. */
  | { readonly type: 'here' }
  | { readonly type: 'started' }
  | { readonly type: 'start-failed'; readonly error: string }
  | { readonly type: 'prepared'; readonly number: number }
  | { readonly type: 'refused'; readonly number: number; readonly error: string }
  /** The change goes on from a state that is not in force here: nothing is prepared, and the whole is wanted. */
  | { readonly type: 'lacks-base'; readonly number: number }
  | { readonly type: 'committed'; readonly number: number }
  | { readonly type: 'status'; readonly id: number; readonly status: GateStatus }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: MetricsData }
  | { readonly type: 'inspected'; readonly id: number; readonly answer: unknown }
  /** A `renew` or `revocation` has been carried out. */
  | { readonly type: 'done'; readonly id: number }
  /** Of a worker: which address stands for a name, or which name an address stands for, at all workers. */
  | { readonly type: 'stand-in-of'; readonly id: number; readonly name: string }
  | { readonly type: 'name-of'; readonly id: number; readonly address: string }
  /** A certificate request (PKCS #10): the key it is for never leaves the gate process. */
  | { readonly type: 'sign'; readonly id: number; readonly identity: string; readonly request: string };

/** The name of a gate, for people and as a key: unique in a mesh. */
export function gateName(role: GateRole): string {
  return 'gateway' in role ? `${role.kind} ${role.gateway}` : role.kind;
}

/** The port of each gate process's own endpoints: metrics and readiness (reference section 7.1). */
export const adminPort = 15_020;
