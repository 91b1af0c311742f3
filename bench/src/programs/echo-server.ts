// What the benchmark's connections end at, run as a workload: HOST and PORT say where to listen. Answers HTTP requests, and on any other
// first byte does what that byte says: `E` sends back whatever comes, `S` swallows it and says so at the end. Prints `listening` when it does.
import { createServer, type Socket } from 'node:net';

const response = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n');
const endOfHead = Buffer.from('\r\n\r\n');

createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => begin(socket, first));
}).listen(Number(process.env.PORT ?? 9000), process.env.HOST ?? '127.0.0.1', () => process.stdout.write('listening\n'));

function begin(socket: Socket, first: Buffer): void {
  const mode = String.fromCharCode(first[0] ?? 0);
  if (mode === 'E') echo(socket, first.subarray(1));
  else if (mode === 'S') swallow(socket, first.length - 1);
  else answerRequests(socket, first);
}

function echo(socket: Socket, first: Buffer): void {
  if (first.length > 0) socket.write(first);
  socket.pipe(socket);
}

function swallow(socket: Socket, first: number): void {
  let bytes = first;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.once('end', () => socket.end(`${bytes}\n`));
}

/** Requests have no bodies here, so every empty line ends one. */
function answerRequests(socket: Socket, first: Buffer): void {
  let rest: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(endOfHead); end >= 0; end = rest.indexOf(endOfHead)) {
      rest = rest.subarray(end + endOfHead.length);
      socket.write(response);
    }
  };
  take(first);
  socket.on('data', take);
}
