import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CommandFailure } from '../exit-status.js';

/** Where a supervisor tells what is up. */
export interface ControlSocket {
  close(): Promise<void>;
}

/** Bytes of a Unix socket's path on Linux, the end mark left out; a longer one would be cut short silently. */
const longestPath = 107;

/** Answers every connection to `control.sock` with the JSON of `report`. The folder is this user's alone. */
export async function openControlSocket(directory: string, report: () => Promise<unknown>): Promise<ControlSocket> {
  const path = socketPath(directory);
  if (Buffer.byteLength(path) > longestPath) {
    throw new CommandFailure(`\`${path}\` is too long for a socket`, { hint: 'set XDG_RUNTIME_DIR to a shorter path' });
  }
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    report().then(
      (value) => socket.end(JSON.stringify(value)),
      () => socket.destroy(),
    );
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Asks the supervisor of a state folder; undefined where none answers. */
export async function askSupervisor(directory: string): Promise<unknown> {
  const socket = createConnection(socketPath(directory));
  socket.setTimeout(15_000, () => socket.destroy(new Error('the supervisor does not answer')));
  try {
    return JSON.parse(await text(socket));
  } catch {
    return undefined;
  }
}

function socketPath(directory: string): string {
  return join(directory, 'control.sock');
}
