import type { Socket } from 'node:net';

/** Reads exact numbers of bytes from a socket, leaving the rest in it. */
export class ByteReader {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The next bytes; rejects if the socket ends first. */
  async read(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const chunk = this.#socket.read(count) as Buffer | null;
      if (chunk?.length === count) return chunk;
      // At its end a stream gives what is left, which is too little.
      if (chunk !== null || this.#socket.readableEnded || this.#socket.destroyed) throw new Error('connection ended early');
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const done = (finish: () => void) => (): void => {
        socket.off('readable', readable);
        socket.off('end', ended);
        socket.off('close', ended);
        finish();
      };
      const readable = done(resolve);
      const ended = done(() => reject(new Error('connection ended early')));
      socket.on('readable', readable);
      socket.on('end', ended);
      socket.on('close', ended);
    });
  }
}
