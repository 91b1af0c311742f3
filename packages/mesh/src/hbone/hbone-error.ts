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

/** Why a connection failed, for logs and metrics. */
export function failureOf(error: unknown): { readonly error: string; readonly flags: ResponseFlags } {
  if (error instanceof HboneError) return { error: error.message, flags: error.flags };
  return { error: error instanceof Error ? error.message : String(error), flags: 'CONNECT' };
}

/** The other gate never looked at the request: another connection may be tried. */
export class UnseenError extends HboneError {}
