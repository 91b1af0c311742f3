// The bare TCP relay that the gates are measured beside: relay.js LISTEN-HOST LISTEN-PORT TARGET-HOST TARGET-PORT.
// Prints `ready` once it listens.
import { connect, createServer, type Socket } from 'node:net';

const [host, port, targetHost, targetPort] = process.argv.slice(2);

createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const server = connect({ host: targetHost ?? '', port: Number(targetPort), noDelay: true, allowHalfOpen: true });
  join(client, server);
  join(server, client);
}).listen(Number(port), host, () => console.log('ready'));

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.once('close', () => to.destroySoon());
}
