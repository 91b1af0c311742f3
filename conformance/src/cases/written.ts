import type { CaseQuery, CaseRequest, CaseSource, Layer, Manifest } from './case.js';
import type { WrittenToken } from './sign-token.js';

/** A file of cases as it is written, after the schema `case.schema.json`. */
export interface WrittenFile {
  readonly theme: string;
  readonly cases: readonly WrittenCase[];
}

/** What a query may leave to its case. */
interface Defaults {
  readonly gate?: Layer;
  readonly target?: string;
  readonly port?: number;
  readonly source?: string | CaseSource;
  readonly request?: CaseRequest;
  readonly metadata?: CaseQuery['metadata'];
  readonly answers?: CaseQuery['answers'];
}

/** One case. With `at`, policies without an attachment are attached to each of these gates in turn, which is then asked. */
export interface WrittenCase {
  readonly title: string;
  readonly reference: string;
  readonly at?: readonly Layer[];
  /** The case is one for each of these, which stands for `${each}` in it. */
  readonly each?: readonly string[];
  readonly ask?: Defaults;
  readonly policies?: Readonly<Record<string, Manifest>>;
  readonly manifests?: readonly Manifest[];
  /** `KIND/NAMESPACE/NAME` of objects of the common mesh that this one is without, or that `manifests` replaces. */
  readonly without?: readonly string[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly flags?: Readonly<Record<string, string>>;
  /** Tokens that stand for `${NAME}` in paths and headers. */
  readonly tokens?: Readonly<Record<string, WrittenToken>>;
  readonly queries?: readonly WrittenQuery[];
  /** The code of the diagnostic for which the mesh is refused as a whole. */
  readonly refused?: { readonly both?: string; readonly strict?: string; readonly upstream?: string };
}

/** One query: `both`, or an answer for each dialect that it is about. */
export interface WrittenQuery extends Defaults {
  readonly title?: string;
  /** Restricts the query to some of the gates of its case. */
  readonly at?: readonly Layer[];
  readonly both?: WrittenExpectation;
  readonly strict?: WrittenExpectation;
  readonly upstream?: WrittenExpectation;
}

/** An answer: `allow: REASON` or `deny: REASON`, and what else is to be compared. */
export interface WrittenExpectation {
  readonly allow?: string;
  readonly deny?: string;
  readonly by?: string | null;
  readonly rule?: number;
  readonly status?: number;
  readonly path?: string;
  readonly audit?: readonly string[];
  readonly dryRun?: 'allow' | 'deny';
  readonly asked?: readonly string[];
  readonly received?: Readonly<Record<string, string | null>>;
}

/** The mesh that all cases share, and the peers that they name. */
export interface WrittenMesh {
  readonly sources: Readonly<Record<string, CaseSource>>;
  readonly manifests: readonly Manifest[];
}
