import { createServer } from 'node:net';

/**
 * Opens a socket for a moment: the only question that every system answers truly. Resolves with the error's code, `EADDRINUSE` or
 * `EACCES` for example, or undefined where it could be opened.
 */
export function probeAddress(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
