import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { GivenUpWatch } from './http2-given-up.js';
import type { HttpLimits } from './limits.js';

/** Ends a client's HTTP/2 connection on which no request has been under way for the idle limit, and looks after a moment's rest, and time and again while requests are under way, whether it still reads. */
export function watchIdle(session: ServerHttp2Session, transport: Duplex, limits: HttpLimits): void {
  let idle: NodeJS.Timeout | undefined;
  let moment: NodeJS.Timeout | undefined;
  const givenUp = new GivenUpWatch(session, transport, limits.bodyTimeoutMs);
  let open = 0;
  const clear = (): void => {
    clearTimeout(idle);
    clearTimeout(moment);
    givenUp.stop();
  };
  const rest = (): void => {
    clear();
    idle = setTimeout(() => session.close(), limits.idleTimeoutMs).unref();
    moment = setTimeout(() => givenUp.look(true), limits.restMs).unref();
  };
  session.on('stream', (request: ServerHttp2Stream) => {
    open += 1;
    if (open === 1) {
      clear();
      moment = setInterval(() => givenUp.look(false), limits.restMs).unref();
    }
    request.once('close', () => {
      open -= 1;
      if (open === 0 && !session.destroyed) rest();
    });
  });
  session.once('close', clear);
  rest();
}
