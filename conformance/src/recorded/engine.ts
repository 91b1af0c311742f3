import type { HeaderLine, PathNormalization } from '@sallyport/policy';
import type { RoleAnswer } from './ask-roles.js';
import type { Query, RecordedMesh, RecordedRefusal, RoleQuery } from './recorded-case.js';
import type { RecordedStatus } from './status/recorded-statuses.js';
import type { RecordedCheck } from './wire-headers.js';

/** What is judged: anything that reads manifests and answers queries. */
export interface Engine {
  /** Reads a mesh; throws an `Error` that says why where it cannot. */
  load(mesh: RecordedMesh): World;
  /** Whether a control plane would accept the manifest, and what it would say; `uncovered` is why this engine cannot tell. */
  accepts(manifest: string): Acceptance | { readonly uncovered: string };
  /** What a control plane writes into the status of every object of a mesh; `uncovered` is why this engine cannot tell. */
  statuses(mesh: RecordedMesh): Statuses | { readonly uncovered: string };
  /** The path as it is forwarded, or the status that refuses it. */
  normalizePath(path: string, mode: PathNormalization): string | number;
}

/** What a control plane makes of a manifest. */
export interface Acceptance {
  /** `null`: its kind is not known. */
  readonly accepted: boolean | null;
  /** For a refused one of the older generation: whether it cannot be read, or breaks a rule of its kind. */
  readonly stage: 'decode' | 'validate';
  /** Accepted, and then the control plane crashes on it. */
  readonly crashes: boolean;
  readonly messages: readonly string[];
}

/** What a control plane makes of the objects of a mesh. */
export interface Statuses {
  readonly statuses: readonly RecordedStatus[];
  /** Why objects were refused at admission, one line for each reason; those have no status. */
  readonly refused: readonly string[];
}

/** One mesh, ready to be asked. */
export interface World {
  /** The answer, or why this engine does not cover the query. Throws an `Error` where the query names what the mesh has not. */
  answer(query: Query): Answer | { readonly uncovered: string };
  /** The answer to a query of the older generation. */
  roles(query: RoleQuery): RoleAnswer;
  /** The role for which a gate could not be configured, of policies of the older generation. */
  refusedRole(refusal: RecordedRefusal): RoleAnswer['refused'];
}

/** What an engine says to a query. */
export interface Answer {
  readonly effect: 'allow' | 'deny';
  readonly reason: string;
  /** Status of the answer that a denied request gets. */
  readonly status?: number;
  /** The path that an allowed request goes on with. */
  readonly path?: string;
  /** What a denied request gets, and what is added to the response of an allowed one, where an external authorizer says so. */
  readonly body?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  /** Headers that an allowed request goes on with, as the record has them. */
  readonly upstreamHeaders?: readonly HeaderLine[];
  /** Every call to an external authorizer. */
  readonly checks?: readonly RecordedCheck[];
  /** `NAMESPACE/NAME` of every policy that matched with the deciding action. */
  readonly matched: readonly string[];
  /** What the dry-run policies of each action would have done. */
  readonly shadow: { readonly allow?: ShadowAnswer; readonly deny?: ShadowAnswer };
  /** What the gate enforces, for people. */
  readonly enforced: readonly string[];
}

/** What the dry-run policies of one action would have done. */
export interface ShadowAnswer {
  readonly effect: 'allow' | 'deny';
  readonly matched: readonly string[];
}
