import type { GateStatus } from '@sallyport/mesh';
import type { Diagnostic } from '@sallyport/policy';
import type { CommandUser } from '../isolation/command-user.js';

/** What `sallyport status` shows, and prints as it is with `-o json`. */
export interface MeshStatus {
  readonly id: string;
  readonly folder: string;
  readonly dialect: string;
  /** `none`: other processes of this machine can reach applications past their gates. `namespaces`: they cannot. */
  readonly isolation: 'none' | 'namespaces';
  /** With namespaces: whom commands run as, and why. */
  readonly commandUser?: CommandUser;
  readonly supervisor: number;
  /** The number of the state in force, and since when (ISO 8601). */
  readonly snapshot: number;
  readonly since: string;
  /** The file of `--crl`, and why its lists cannot be used where that is so. */
  readonly revocation?: { readonly file: string; readonly problem?: string };
  /** The last change that was refused, until one is in force again. */
  readonly lastRefused?: RefusedChange;
  readonly gates: readonly GateReport[];
  readonly workloads: readonly WorkloadReport[];
  readonly logs: string;
}

/** A change that is not in force: what was wrong with it. */
export interface RefusedChange {
  readonly at: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Where a gate refused, its words. */
  readonly error?: string;
}

/** One gate process. */
export interface GateReport {
  readonly name: string;
  readonly kind: GateStatus['kind'];
  readonly state: 'up' | 'down';
  readonly pid?: number;
  /** Of a waypoint or gateway: its own. A ztunnel has those of its workloads. */
  readonly identity?: string;
  readonly address?: string;
  readonly policyAddress?: string;
  readonly snapshot?: number;
  readonly ready: boolean;
  /** Why it serves nobody, where it is up and not ready. */
  readonly problem?: string;
  readonly openConnections?: number;
  /** The processes that share its load, where there are several. */
  readonly workers?: NonNullable<GateStatus['workers']>;
  readonly listeners: GateStatus['listeners'];
  readonly metrics: string;
  readonly policies: readonly PolicyReport[];
}

/** A policy in force at a gate. */
export interface PolicyReport {
  readonly kind: 'AuthorizationPolicy' | 'PeerAuthentication' | 'ServiceRole' | 'ClusterRbacConfig' | 'RbacConfig';
  readonly namespace: string;
  readonly name: string;
  readonly action: string;
  /** How it came to this gate. */
  readonly attachment?: string;
  /** Of a waypoint: the Service or workload that it guards there. */
  readonly target?: string;
  /** Why it closes the gate altogether, where it does. */
  readonly closes?: string;
  readonly file: string;
  readonly line: number;
}

/** One workload, with what its ztunnel enforces. */
export interface WorkloadReport {
  readonly key: string;
  readonly identity: string;
  /** The address in verdicts and logs. */
  readonly policyAddress: string;
  /** Where others dial it on this machine. */
  readonly address: string;
  readonly ports: readonly number[];
  /** Where its ports are served instead, for those that this user may not open. */
  readonly servedPorts: readonly number[];
  readonly capture: string;
  readonly application:
    | {
        readonly state: 'running';
        readonly address: string;
        readonly port?: number;
        readonly pid: number;
        readonly command: string;
      }
    | { readonly state: 'restarting'; readonly command: string }
    /** Nothing runs it here, so its ztunnel answers 503 to whom it admits. */
    | { readonly state: 'none' };
  readonly mtls?: string;
  readonly policies: readonly PolicyReport[];
}
