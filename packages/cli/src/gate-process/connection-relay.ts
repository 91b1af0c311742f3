import type { ChildProcess } from 'node:child_process';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { AcceptShare } from '@sallyport/mesh';
import type { ConnectionBoard } from './connection-board.js';

/** A worker leaves a connection to another one; with it goes the handle of its socket. */
interface HandOn {
  readonly type: 'hand-on';
  readonly listener: string;
  readonly to: number;
  /** Who accepted it, and gets it back where the other one cannot have it. */
  readonly from: number;
}

/** The handle of a socket, as channels between processes carry it. */
interface Handle {
  readStop(): void;
  close(): void;
}

/** What is said to be open of a worker that takes nothing. */
const full = 2 ** 31 - 1;

/** A worker keeps what it accepts until it has so many more than another: to pass a connection on costs as much as to serve it. */
const mostAhead = 8;

/**
 * A worker's share of connections. Who is free accepts, which costs nothing; only where one gets far ahead, as of many connections that come at once, it passes some on. That takes the
 * handle of a socket, which Node.js keeps to itself; one that keeps it elsewhere keeps its connections.
 */
export class WorkerShare implements AcceptShare {
  readonly #slot: number;
  readonly #board: ConnectionBoard;
  readonly #takers = new Map<string, (socket: Socket) => void>();
  #open = 0;

  constructor(slot: number, board: ConnectionBoard) {
    this.#slot = slot;
    this.#board = board;
  }

  handOn(listener: string, socket: Socket): boolean {
    const { slot: to, count } = this.#board.fewest();
    const handle: unknown = Reflect.get(socket, '_handle');
    if (this.#open < count + mostAhead || to === this.#slot || !process.connected || !isHandle(handle)) return false;
    handle.readStop();
    // Its own copy goes when the other one is on its way, or cannot be.
    pass(process, { type: 'hand-on', listener, to, from: this.#slot }, handle, () => socket.destroy());
    this.#board.write(to, count + 1);
    return true;
  }

  take(listener: string, accept: (socket: Socket) => void): () => void {
    this.#takers.set(listener, accept);
    this.#board.write(this.#slot, this.#open);
    return () => {
      if (this.#takers.get(listener) === accept) this.#takers.delete(listener);
    };
  }

  opened(connections: 1 | -1): void {
    this.#open += connections;
    this.#board.write(this.#slot, this.#open);
  }

  /** Whether a message was a connection for this worker. */
  receive(message: unknown, handle: unknown): boolean {
    if (!isHandOn(message)) return false;
    if (!isHandle(handle)) return true;
    const accept = this.#takers.get(message.listener);
    if (accept !== undefined) accept(new Socket({ handle, allowHalfOpen: true } as SocketConstructorOpts));
    // Not open here yet, or not any more. Where it was accepted that is the same only when the listener has gone.
    else if (message.from === this.#slot) handle.close();
    else pass(process, { ...message, to: message.from }, handle, () => handle.close());
    return true;
  }
}

/** In the process that started the workers: takes what they pass on to where it is to go. */
export class ConnectionRelay {
  readonly #board: ConnectionBoard;
  readonly #workers = new Map<number, ChildProcess>();

  constructor(board: ConnectionBoard) {
    this.#board = board;
  }

  /** A worker has been started, in place of one that has ended if there was one. Nothing is passed on to it before it says what it has. */
  add(slot: number, worker: ChildProcess): void {
    this.#workers.set(slot, worker);
    this.#board.write(slot, full);
    worker.once('exit', () => {
      if (this.#workers.get(slot) === worker) this.#board.write(slot, full);
    });
    worker.on('message', (message: unknown, handle: unknown) => {
      if (isHandOn(message) && isHandle(handle)) this.#pass(message, handle);
    });
  }

  #pass(message: HandOn, handle: Handle): void {
    const to = [message.to, message.from].map((slot) => this.#workers.get(slot)).find((worker) => worker?.connected === true);
    if (to === undefined) handle.close();
    else pass(to, message, handle, () => handle.close());
  }
}

function pass(to: ChildProcess | NodeJS.Process, message: HandOn, handle: Handle, sent: () => void): void {
  // The declared type knows sockets and servers; handles are what cluster sends.
  to.send?.(message, handle as unknown as Socket, undefined, sent);
}

function isHandOn(message: unknown): message is HandOn {
  return typeof message === 'object' && message !== null && Reflect.get(message, 'type') === 'hand-on';
}

function isHandle(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'readStop' in handle && 'close' in handle;
}
