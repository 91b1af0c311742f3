import type { Socket } from 'node:net';
import { type DialTarget, dial, readExactly } from '../wire/load/dial.js';

/** Whether a gate let something pass. */
export type Seen = 'allowed' | 'denied';

/** A connection of its own through both ztunnels: a few bytes there and back, or it is refused or reset. */
export async function connectOnce(target: DialTarget): Promise<Seen> {
  let socket: Socket | undefined;
  try {
    socket = await dial(target);
    socket.write('Eping');
    const answer = await readExactly(socket, 4);
    if (answer.toString() !== 'ping') throw new WrongAnswerError(`the echo was ${JSON.stringify(answer.toString())}`);
    return 'allowed';
  } catch (error) {
    if (error instanceof WrongAnswerError) throw error;
    return 'denied';
  } finally {
    socket?.destroy();
  }
}

/** What came back is neither what the application sends nor a denial. */
class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError';
}

/** One kept connection through the waypoint; opened anew where it was closed. */
export class Requester {
  #socket: Socket | undefined;

  constructor(private readonly target: DialTarget) {}

  async get(path: string): Promise<Seen> {
    // A kept connection may have been closed since; a request over a new one has no such excuse.
    const kept = this.#socket !== undefined && !this.#socket.destroyed;
    const status = (await this.#status(path)) ?? (kept ? await this.#status(path) : undefined);
    // A request that a change has cut is one that the change denies.
    if (status === undefined || status === 403) return 'denied';
    if (status === 200) return 'allowed';
    throw new WrongAnswerError(`status ${status}`);
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #status(path: string): Promise<number | undefined> {
    try {
      if (this.#socket === undefined || this.#socket.destroyed) this.#socket = await dial(this.target);
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: web\r\n\r\n`);
      return await readStatus(this.#socket);
    } catch {
      this.#socket?.destroy();
      return undefined;
    }
  }
}

/** Reads one response with a content-length; its body is thrown away. */
function readStatus(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const finish = (act: () => void): void => {
      socket.off('data', take).off('close', gone);
      act();
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: ([0-9]+)/i.exec(text)?.[1] ?? '0');
      if (end >= 0 && text.length >= end + 4 + length) finish(() => resolve(Number(text.slice(9, 12))));
    };
    const gone = (): void => finish(() => reject(new Error('the connection ended')));
    socket.on('data', take).once('close', gone).resume();
  });
}
