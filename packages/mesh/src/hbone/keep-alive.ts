import type { Http2Connection } from '../http2/http2-connection.js';

/** How often an idle peer is pinged, and how long it may take to answer, in milliseconds. */
export interface KeepAlive {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** 10 s and 20 s (reference section 7.4). */
export const defaultKeepAlive: KeepAlive = { intervalMs: 10_000, timeoutMs: 20_000 };

/**
 * Pings the peer, and ends the connection when an answer is overdue: a peer that is gone, or stuck in the middle of a frame, holds nothing
 * open. Returns what stops it.
 */
export function keepAlive(connection: Http2Connection, { intervalMs, timeoutMs }: KeepAlive): () => void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (overdue !== undefined || connection.over) return;
    overdue = setTimeout(() => connection.destroy(new Error('keepalive ping was not answered')), timeoutMs).unref();
    connection.ping(() => {
      clearTimeout(overdue);
      overdue = undefined;
    });
  }, intervalMs).unref();
  return () => {
    clearInterval(timer);
    clearTimeout(overdue);
  };
}
