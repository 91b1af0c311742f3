import type { Diagnostic, SourceFile } from '@sallyport/policy';
import type { MeshStatus } from './mesh-status.js';

/** What a supervisor tells while a mesh is up. */
export type MeshEvent =
  /** A supervisor before had left processes running; they were ended. */
  | { readonly event: 'took-over'; readonly ended: number }
  | { readonly event: 'ready'; readonly status: MeshStatus }
  /** A change of the folder is in force at every gate, `tookMs` after it was read. */
  | { readonly event: 'changed'; readonly snapshot: number; readonly tookMs: number; readonly files: readonly string[] }
  | { readonly event: 'refused'; readonly snapshot: number; readonly diagnostics: readonly Diagnostic[]; readonly error?: string }
  /** The lists of `--crl` have changed, and count at every gate; with a problem they cannot be used, and no peer is admitted. */
  | { readonly event: 'revocation'; readonly file: string; readonly problem?: string }
  | { readonly event: 'gate'; readonly gate: string; readonly what: 'died' | 'restarted'; readonly detail: string }
  | { readonly event: 'application'; readonly workload: string; readonly detail: string }
  /** A change is in force, and what belongs to it now could not be written down: `exec` and `down` go by what was there before. */
  | { readonly event: 'unrecorded'; readonly problem: string }
  /** A line that a gate or an application wrote. */
  | { readonly event: 'line'; readonly from: string; readonly line: string }
  | { readonly event: 'stopping' };

/** Takes events; `files` are the texts that diagnostics point into. */
export type MeshListener = (event: MeshEvent, files: readonly SourceFile[]) => void;
