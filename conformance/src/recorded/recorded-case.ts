import type { RecordedCheck } from './wire-headers.js';

/** The part of a recorded file that makes the mesh. */
export interface RecordedMesh {
  readonly id: string;
  /** Multi-document YAML. */
  readonly manifests: string;
  /** What differs from the default MeshConfig. */
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A file of `ambient/`, `ambient-http/` or `legacy/`. */
export interface RecordedCase extends RecordedMesh {
  readonly tokens: Readonly<Record<string, string>>;
  readonly queries: readonly Query[];
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
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly wwwAuthenticate?: string;
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

/** A query of the older generation, which is only counted. */
interface LegacyQuery extends QueryBase {
  readonly gate: 'sidecar-http' | 'sidecar-tcp';
}

export type Query = ZtunnelQuery | L7Query | LegacyQuery;

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
