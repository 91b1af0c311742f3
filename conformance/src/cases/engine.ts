import type { DialectName } from '@sallyport/policy';
import type { Case, CaseQuery, Expectation } from './case.js';

/** What cases are put to: anything that reads manifests and answers for the gates of a mesh. */
export interface CaseEngine {
  /** Reads a mesh in a dialect; throws a `MeshRefused` where it is invalid. */
  load(mesh: CaseMesh, dialect: DialectName): CaseWorld;
}

/** A mesh with objects that break the rules of their kinds. */
export class MeshRefused extends Error {
  /** The codes of what is wrong. */
  readonly codes: readonly string[];

  constructor(message: string, codes: readonly string[]) {
    super(message);
    this.codes = codes;
  }
}

/** The part of a case that makes the mesh. */
export type CaseMesh = Pick<Case, 'manifests' | 'meshConfig' | 'flags'>;

/** One mesh in one dialect, ready to be asked. */
export interface CaseWorld {
  /** Throws an `Error` where the query names what the mesh has not. */
  answer(query: Omit<CaseQuery, 'expect'>): CaseAnswer;
}

/** An answer in the terms of an expectation, everything said. */
export interface CaseAnswer extends Required<Pick<Expectation, 'effect' | 'reason' | 'policy' | 'audit' | 'asked' | 'received'>> {
  readonly rule?: number;
  readonly status?: number;
  readonly path?: string;
  readonly dryRun?: 'allow' | 'deny';
  /** What the gate says about it in words, for a reader of a disagreement. */
  readonly detail?: string;
  /** `KIND/NAMESPACE/NAME` of every policy that the gate enforces or tries out. */
  readonly enforced: readonly string[];
}
