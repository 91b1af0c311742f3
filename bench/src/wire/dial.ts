import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to what is measured. Rejects if it cannot be opened. */
export type Dial = () => Promise<Socket>;

/** Where a SOCKS listener is and what it wants to hear. */
export interface SocksProxy {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** Opens connections straight to an address. */
export function dialDirectly(host: string, port: number): Dial {
  return async () => {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    // Between two reads nobody listens; a reset then shows at the next read.
    socket.on('error', () => undefined);
    return socket;
  };
}

/** Opens connections through a workload's own outbound path: SOCKS 5 (RFC 1928) with user name and password (RFC 1929). */
export function dialThrough(proxy: SocksProxy, host: string, port: number): Dial {
  const methods = Buffer.from([5, 1, 2]);
  const login = Buffer.concat([Buffer.from([1]), counted(proxy.username), counted(proxy.password)]);
  const request = Buffer.concat([Buffer.from([5, 1, 0, 3]), counted(host), Buffer.from([port >> 8, port & 0xff])]);
  return async () => {
    const socket = await dialDirectly(proxy.host, proxy.port)();
    await expectReply(socket, methods, 2, (reply) => reply[1] === 2);
    await expectReply(socket, login, 2, (reply) => reply[1] === 0);
    await expectReply(socket, request, 10, (reply) => reply[1] === 0);
    return socket;
  };
}

/** Reads `SCHEME://USER:PASSWORD@HOST:PORT`, the form of ALL_PROXY. */
export function parseProxy(url: string): SocksProxy {
  const { hostname, port, username, password } = new URL(url);
  return { host: hostname, port: Number(port), username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Sends one message of the handshake and reads the answer, whose length is known; the server says nothing more before it is asked. */
async function expectReply(socket: Socket, message: Buffer, length: number, accepts: (reply: Buffer) => boolean): Promise<void> {
  socket.write(message);
  const reply = await readExactly(socket, length);
  if (!accepts(reply)) throw new Error(`the proxy refused: ${reply.toString('hex')}`);
}

/** Reads so many bytes; rejects where the connection ends before. */
export function readExactly(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed || socket.readableEnded) return reject(new Error('the connection has ended'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (act: () => void): void => {
      socket.off('data', take).off('close', gone).off('error', reject);
      socket.pause();
      act();
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= length) finish(() => resolve(Buffer.concat(chunks)));
    };
    const gone = (): void => finish(() => reject(new Error(`the connection ended after ${bytes} of ${length} bytes`)));
    socket.on('data', take).once('close', gone).once('error', reject);
    socket.resume();
  });
}
