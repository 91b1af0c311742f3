/** How much a folder may hold before reading it is refused: a slip of the hand must not read a whole disk. */
export interface SourceLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
  readonly files: number;
  /** Folders within folders. */
  readonly depth: number;
}

/** Far above any real set of manifests. */
export const defaultLimits: SourceLimits = {
  fileBytes: 16 * 1024 * 1024,
  totalBytes: 128 * 1024 * 1024,
  files: 20_000,
  depth: 64,
};
