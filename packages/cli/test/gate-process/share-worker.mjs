// A worker of connection-relay.test.ts: `accepts` listens and has many open already, `takes` takes what is passed on, `idle` takes nothing. Echoes what a client says, behind its own slot.
import { createServer } from 'node:net';
import { ConnectionBoard } from '../../dist/gate-process/connection-board.js';
import { WorkerShare } from '../../dist/gate-process/connection-relay.js';

const [slot, kind] = process.argv.slice(2);
const share = new WorkerShare(Number(slot), new ConnectionBoard(4, 2));
process.on('message', (message, handle) => share.receive(message, handle));
const serve = (socket) => socket.on('data', (bytes) => socket.end(`${slot} ${bytes}`));
if (kind !== 'idle') share.take('listener', serve);
if (kind === 'accepts') {
  for (let each = 0; each < 20; each += 1) share.opened(1);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (!share.handOn('listener', socket)) serve(socket);
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
} else process.send({ port: 0 });
