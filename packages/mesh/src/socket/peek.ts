import type { Duplex } from 'node:stream';

/** The connection ended, failed or stayed silent before it showed what it speaks. */
class SilentConnectionError extends Error {
  override readonly name = 'SilentConnectionError';
}

/** What the first bytes of a connection came to. */
export interface Peeked<Found> {
  readonly found: Found;
  /** How many of the bytes are taken away; the others stay to be read. */
  readonly taken: number;
}

/** How to look at the first bytes of a connection. */
export interface PeekOptions<Found> {
  readonly timeoutMs: number;
  /** Told all that has come so far; undefined while that does not tell. It bounds what is held: sooner or later it knows. */
  readonly classify: (seen: Buffer) => Peeked<Found> | undefined;
  /** What a client is that sends too little in time; without it, that rejects. */
  readonly whenSilent?: Found;
}

/**
 * Reads as much of a stream as it takes to tell something about it, and puts the rest back. Rejects where the stream ends, fails or is silent
 * before that.
 */
export function peek<Found>(stream: Duplex, { timeoutMs, classify, whenSilent }: PeekOptions<Found>): Promise<Found> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) {
        stream.off(event, listener);
      }
      act();
    };
    const give = ({ found, taken }: Peeked<Found>) =>
      settle(() => {
        if (seen.length > taken) {
          stream.unshift(seen.subarray(taken));
        }
        resolve(found);
      });
    const fail = (why: string) => () => settle(() => reject(new SilentConnectionError(why)));
    const onReadable = () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
        seen = Buffer.concat([seen, chunk as Buffer]);
        const known = classify(seen);
        if (known !== undefined) {
          return give(known);
        }
      }
    };
    const late = whenSilent === undefined ? fail('the client sent nothing in time') : () => give({ found: whenSilent, taken: 0 });
    const timer = setTimeout(late, timeoutMs);
    const listeners: readonly (readonly [string, () => void])[] = [
      ['readable', onReadable],
      ['end', fail('the client closed before it showed what it speaks')],
      ['close', fail('the connection closed before it showed what it speaks')],
      ['error', fail('the connection failed before it showed what it speaks')],
    ];
    for (const [event, listener] of listeners) {
      stream.on(event, listener);
    }
  });
}
