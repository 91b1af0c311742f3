import type { Http2Session } from 'node:http2';

/** How often an idle peer is pinged, and how long it may take to answer, in milliseconds. */
export interface KeepAlive {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** 10 s and 20 s (reference section 7.4). */
export const defaultKeepAlive: KeepAlive = { intervalMs: 10_000, timeoutMs: 20_000 };

/** Pings a session until it closes, and destroys it when an answer is overdue: a peer that is gone holds nothing open. */
export function keepAlive(session: Http2Session, { intervalMs, timeoutMs }: KeepAlive): void {
  let overdue: NodeJS.Timeout | undefined;
  const ping = (): void => {
    if (overdue !== undefined || session.destroyed) return;
    overdue = setTimeout(() => session.destroy(new Error('keepalive ping was not answered')), timeoutMs).unref();
    try {
      session.ping(() => {
        clearTimeout(overdue);
        overdue = undefined;
      });
    } catch (error) {
      session.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const timer = setInterval(ping, intervalMs).unref();
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(overdue);
  });
}
