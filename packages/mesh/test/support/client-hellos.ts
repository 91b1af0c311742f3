import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';

const number = (size: number, value: number) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};
const vector = (size: number, content: Buffer) => Buffer.concat([number(size, content.length), content]);

/** One extension of a ClientHello. */
export function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([number(2, type), vector(2, content)]);
}

/** The extension that asks for a server by name. */
export function serverName(name: string, type = 0): Buffer {
  return extension(0, vector(2, Buffer.concat([number(1, type), vector(2, Buffer.from(name, 'latin1'))])));
}

/** A ClientHello as a handshake message; without `extensions` it ends before them. */
export function helloMessage(extensions?: readonly Buffer[], more: { version?: number; suites?: number[] } = {}): Buffer {
  const { version = 0x0303, suites = [0x13, 0x01] } = more;
  const body = Buffer.concat([
    number(2, version),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 8)),
    vector(2, Buffer.from(suites)),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, Buffer.concat(extensions))]),
  ]);
  return Buffer.concat([Buffer.from([1]), vector(3, body)]);
}

/** A message in handshake records of so many bytes each. */
export function records(message: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(Buffer.from([22, 3, 1]), vector(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(parts);
}

/** What a client of Node.js sends first. */
export async function realHello(servername: string): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, servername, ALPNProtocols: ['h2'] });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}
