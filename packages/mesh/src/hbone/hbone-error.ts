import type { ResponseFlags } from '../telemetry/response-flags.js';

/** Why a tunnel could not be opened. */
export class HboneError extends Error {
  /** For logs and metrics. */
  readonly flags: ResponseFlags;
  /** The status with which the other gate answered the CONNECT, if it did. */
  readonly status?: number;

  constructor(message: string, flags: ResponseFlags, status?: number) {
    super(message);
    this.name = 'HboneError';
    this.flags = flags;
    if (status !== undefined) this.status = status;
  }
}

/** The other gate never looked at the request: another connection may be tried. */
export class UnseenError extends HboneError {}
