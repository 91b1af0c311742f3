// A server that is not HTTP: says every line back with `echo: ` in front, and ends the connection after the line QUIT.
//
//   HOST=127.0.0.1 PORT=9000 node tcp-echo.mjs
//
// curl can talk to it without pretending that it is HTTP: `curl dict://HOST:PORT/hello` sends a line `hello` and then QUIT.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 9000);
const connections = new Set();

const server = createServer((socket) => {
  connections.add(socket);
  // A client that resets is no news: its connection ends, the others go on.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => connections.delete(socket));
  createInterface({ input: socket }).on('line', (line) => {
    if (line.trim() === 'QUIT') socket.end('bye\n');
    else if (socket.writable) socket.write(`echo: ${line}\n`);
  });
});

server.listen(port, host, () => console.log(`tcp-echo listens on ${host}:${port}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    for (const socket of connections) socket.destroy();
  });
}
