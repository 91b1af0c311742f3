import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type DialTarget, dial, readExactly } from './dial.js';

/** Connections that are opened at the same time. */
const clients = 16;
const message = Buffer.alloc(1024, 'x');

/** Connections that stay open while memory is looked at. */
export class HeldConnections {
  #sockets: Socket[] = [];

  /** Opens so many more, each used for one byte. */
  async open(target: DialTarget, connections: number): Promise<void> {
    let left = connections;
    const client = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const socket = await dial(target);
        socket.write('E!');
        await readExactly(socket, 1);
        this.#sockets.push(socket);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** Sends a message on every one and waits for its echo, again and again. */
  async exchange(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    await Promise.all(
      this.#sockets.map(async (socket) => {
        while (performance.now() < end) {
          socket.write(message);
          await readExactly(socket, message.length);
        }
      }),
    );
  }

  release(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = [];
  }
}
