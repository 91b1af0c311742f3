import type { Http2Session } from 'node:http2';

/**
 * Counts the streams of a session and closes it once it has had none for a while. Returns what to call when a stream begins; the
 * function that this returns, when it ends (once; later calls do nothing).
 */
export function idleRelease(session: Http2Session, idleMs: number, released: () => void): () => () => void {
  let active = 0;
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    if (session.destroyed) return;
    timer = setTimeout(() => {
      released();
      session.close();
    }, idleMs).unref();
  };
  session.once('close', () => clearTimeout(timer));
  rest();
  return () => {
    active += 1;
    clearTimeout(timer);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      active -= 1;
      if (active === 0) rest();
    };
  };
}
