import type { DynamicMetadata } from '@sallyport/policy';
import type { RecordedCheck } from './wire-headers.js';

/** The part of a recorded file that makes the mesh. */
export interface RecordedMesh {
  readonly id: string;
  /** Multi-document YAML. */
  readonly manifests: string;
  /** What differs from the default MeshConfig. */
  readonly meshConfig?: Readonly<Record<string, unknown>> | null;
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A file of `ambient/`, `ambient-http/` or `legacy/`. */
export interface RecordedCase extends RecordedMesh {
  readonly tokens: Readonly<Record<string, string>>;
  readonly queries: readonly (Query | RoleQuery)[];
}

/** A peer as the gate saw it. */
interface Source {
  readonly identity: string | null;
  readonly ip: string;
  /** Server name of the TLS inside the connection. */
  readonly sni?: string;
}

/** A request as it was sent. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly jwt?: unknown;
  readonly jwtInvalid?: unknown;
  readonly http?: number;
  readonly body?: string;
}

/** What the real software answered. */
interface Expectation {
  readonly effect: 'allow' | 'deny';
  readonly status?: number;
  readonly policy?: string | null;
  readonly dryRun?: {
    readonly allow?: { readonly result: string; readonly policy: string | null };
    readonly deny?: { readonly result: string; readonly policy: string | null };
  };
  readonly by?: string;
  readonly body?: string;
  readonly wwwAuthenticate?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  /** What the backend received. */
  readonly upstream?: { readonly path?: string; readonly headers?: readonly (readonly [name: string, value: string])[] };
  /** Every call that the external authorizer received. */
  readonly checks?: readonly RecordedCheck[];
}

interface QueryBase {
  readonly id: string;
  readonly source: Source;
  readonly expect: Expectation;
}

export interface ZtunnelQuery extends QueryBase {
  readonly gate: 'ztunnel';
  readonly workload: string;
  readonly destination: { readonly ip: string; readonly port: number };
}

export interface L7Query extends QueryBase {
  readonly gate: 'waypoint' | 'gateway';
  readonly target: { readonly kind: string; readonly namespace: string; readonly name: string; readonly port: number };
  readonly protocol?: 'tcp';
  readonly request?: RecordedRequest;
}

export type Query = ZtunnelQuery | L7Query;

/** One workload behind one service, as a query of the older generation has it. */
export interface RoleTarget {
  readonly host: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Identity of the workload. */
  readonly serviceAccount: string;
}

/** A query of the older generation, put to a sidecar. */
export interface RoleQuery {
  readonly id: string;
  readonly gate: 'sidecar-http' | 'sidecar-tcp';
  readonly destination: RoleTarget & { readonly ip: string; readonly port: number };
  readonly source: Source & {
    readonly tls?: boolean;
    readonly certificate?: {
      readonly uriSans: readonly string[];
      readonly dnsSans?: readonly string[];
      readonly subject: string;
    } | null;
  };
  readonly request?: RecordedRequest;
  /** What filters published, the one for authentication included. */
  readonly dynamicMetadata: DynamicMetadata;
  readonly expect: {
    readonly effect: 'allow' | 'deny';
    readonly status?: number;
    readonly policy?: string;
    readonly shadow?: { readonly result: 'allowed' | 'denied'; readonly policy?: string };
    /** RBAC is off for this service. */
    readonly filter?: 'none';
  };
}

/** Policies of the older generation for which upstream could not configure a gate. */
export interface RecordedRefusal extends Omit<RecordedMesh, 'id'> {
  readonly gate: RoleQuery['gate'];
  readonly destination: RoleTarget;
  readonly error: string;
}

/** A manifest with the answer of the real control plane. */
export interface RecordedManifest {
  readonly manifest: string;
  readonly accepted: boolean | null;
  readonly errors?: string;
  readonly crdErrors?: string;
  /** Of the older generation: where it was refused. */
  readonly stage?: 'decode' | 'validate';
  readonly error?: string;
  /** Of the older generation: accepted, and then loading crashed. */
  readonly loadError?: string;
}

/** A path with what Envoy made of it in each mode. */
export interface RecordedPath {
  readonly path: string;
  readonly DEFAULT: string | number;
  readonly NONE: string | number;
  readonly BASE: string | number;
  readonly MERGE_SLASHES: string | number;
  readonly DECODE_AND_MERGE_SLASHES: string | number;
}
