import type { DialectName, DynamicMetadata } from '@sallyport/policy';

/** Which gate is asked, and about what: connections, or requests on them. */
export type Layer = 'ztunnel' | 'waypoint' | 'waypoint-tcp' | 'gateway' | 'gateway-tcp';

/** An object of a manifest, as data. */
export type Manifest = Readonly<Record<string, unknown>>;

/** A peer as the gate sees it; `identity` is absent for plaintext. */
export interface CaseSource {
  readonly identity?: string;
  readonly ip: string;
  /** Server name of the TLS inside the connection. */
  readonly sni?: string;
  /** Every name in the peer's certificate, where that is not the identity alone. */
  readonly peerNames?: readonly string[];
}

/** What an external authorizer does: a status, or nothing. Over gRPC 200 is OK and any other one a denial that carries it. */
export type ProviderAnswer = number | 'no answer';

/** A request as it is sent; `GET / HTTP/1.1` to `api.shop` where nothing else is said. */
export interface CaseRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly http?: 1 | 2;
}

/** What a gate has to answer. */
export interface Expectation {
  readonly effect: 'allow' | 'deny';
  readonly reason: string;
  /** `NAMESPACE/NAME` of the deciding policy; null where none may be named; not compared where absent. */
  readonly policy?: string | null;
  readonly rule?: number;
  /** Status of the answer to a denied request. */
  readonly status?: number;
  /** The path that an allowed request goes on with. */
  readonly path?: string;
  /** `NAMESPACE/NAME` of every AUDIT policy that matched. */
  readonly audit?: readonly string[];
  /** What the dry-run policies would have done. */
  readonly dryRun?: 'allow' | 'deny';
  /** The external authorizers that were asked, in order. */
  readonly asked?: readonly string[];
  /** Headers of the forwarded request by lower-case name, repeats joined; null for one that must not be there. */
  readonly received?: Readonly<Record<string, string | null>>;
}

/** One question to one gate, with its answer in each dialect that the case is about. */
export interface CaseQuery {
  readonly title?: string;
  readonly layer: Layer;
  /** `KIND/NAMESPACE/NAME`. */
  readonly target: string;
  readonly port: number;
  readonly source: CaseSource;
  /** Absent on connections. */
  readonly request?: CaseRequest;
  /** What filters have published about the connection. */
  readonly metadata?: DynamicMetadata;
  /** By name of the provider. */
  readonly answers?: Readonly<Record<string, ProviderAnswer>>;
  readonly expect: Readonly<Partial<Record<DialectName, Expectation>>>;
}

/** A mesh with policies, and what its gates answer. */
export interface Case {
  /** Its file and title. */
  readonly name: string;
  /** Where the rule is written, for people. */
  readonly reference: string;
  readonly manifests: readonly Manifest[];
  readonly meshConfig: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, string>>;
  /** The code of a diagnostic, where the mesh is refused as a whole. */
  readonly refused: Readonly<Partial<Record<DialectName, string>>>;
  readonly queries: readonly CaseQuery[];
}
