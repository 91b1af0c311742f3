import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Where a load maker connects to: an address, or a name behind a SOCKS listener. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly through?: SocksListener;
}

/** Where a SOCKS listener is, and what it wants to hear; without a name it wants nothing. */
export interface SocksListener {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** Opens a connection. A SOCKS client says all it has to say in one write, as the answers are known. Rejects if it cannot be opened. */
export async function dial({ host, port, through }: DialTarget): Promise<Socket> {
  const socket = connect({ ...(through ?? { host, port }), noDelay: true });
  await once(socket, 'connect');
  // Between two reads nobody listens; a reset then shows at the next read.
  socket.on('error', () => undefined);
  if (through !== undefined) await speakSocks(socket, through, host, port);
  return socket;
}

/** Reads `SCHEME://USER:PASSWORD@HOST:PORT`, the form of ALL_PROXY. */
export function parseProxy(url: string): SocksListener {
  const { hostname, port, username, password } = new URL(url);
  return { host: hostname, port: Number(port), username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** SOCKS 5 (RFC 1928), with user name and password (RFC 1929) where there are some. */
async function speakSocks(socket: Socket, { username, password }: SocksListener, host: string, port: number): Promise<void> {
  const named = username !== undefined && password !== undefined;
  const greeting = Buffer.from([5, 1, named ? 2 : 0]);
  const login = named ? [Buffer.from([1]), counted(username), counted(password)] : [];
  const request = [Buffer.from([5, 1, 0, 3]), counted(host), Buffer.from([port >> 8, port & 0xff])];
  socket.write(Buffer.concat([greeting, ...login, ...request]));
  const answer = await readExactly(socket, named ? 14 : 12);
  const refused = answer[1] !== (named ? 2 : 0) || (named && answer[3] !== 0) || answer[named ? 5 : 3] !== 0;
  if (refused) throw new Error(`the proxy refused: ${answer.toString('hex')}`);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Reads so many bytes; rejects where the connection ends before. Nothing may follow them yet. */
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
