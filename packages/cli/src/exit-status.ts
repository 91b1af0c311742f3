/** What the exit status of the command says; a command that runs another one passes that one's status on. */
export const exitStatus = {
  ok: 0,
  /** Something could not be done, or the input is invalid. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** `explain`: the request would be denied. */
  denied: 3,
  /** `explain`: an external authorizer decides. */
  undecided: 4,
} as const;

/** Whether a disk, or what this user may have of it, is full: nobody's bug. */
export function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Ends a command with one line on standard error and an exit status. Not a bug: never printed with a stack. */
export class CommandFailure extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(message: string, options: { status?: number; hint?: string } = {}) {
    super(message);
    this.name = 'CommandFailure';
    this.status = options.status ?? exitStatus.failed;
    this.hint = options.hint;
  }
}
