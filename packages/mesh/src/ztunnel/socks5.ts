import type { Socket } from 'node:net';
import type { Destination } from '@sallyport/policy';
import { ByteReader } from './byte-reader.js';
import { isCredential } from './proxy-credential.js';
import { canonicalHost, isHostText, type ProxyHandlers, proxyHandshakeTimeoutMs } from './proxy-request.js';

const version = 5;
const passwordMethod = 2;
const noMethod = 0xff;

/** Reply codes of RFC 1928. */
const reply = { succeeded: 0, notAllowed: 2, commandNotSupported: 7, addressTypeNotSupported: 8 } as const;

/** A client that is turned away, with the bytes that say so. */
class Refusal extends Error {
  readonly answer: Buffer;

  constructor(message: string, answer: readonly number[] | Buffer) {
    super(message);
    this.answer = Buffer.from(answer);
  }
}

/**
 * Serves one SOCKS5 client (RFC 1928, 1929): user name and password always, CONNECT only. Success is answered before anything is
 * dialled (reference section 7.10). Never rejects.
 */
export async function serveSocks5(socket: Socket, handlers: ProxyHandlers): Promise<void> {
  const timer = setTimeout(() => socket.destroy(new Error('SOCKS handshake timed out')), proxyHandshakeTimeoutMs);
  try {
    const reader = new ByteReader(socket);
    await greet(socket, reader);
    await authenticate(socket, reader, handlers);
    const destination = await readRequest(reader);
    clearTimeout(timer);
    socket.write(replyOf(reply.succeeded));
    handlers.onConnect(socket, destination);
  } catch (error) {
    if (error instanceof Refusal && !socket.destroyed) socket.end(error.answer);
    // What the client sends after a refusal is not read; the connection ends with the time limit, if not before.
    else socket.destroy();
    handlers.onRefused(socket, `SOCKS: ${error instanceof Error ? error.message : String(error)}`);
    socket.once('finish', () => socket.destroy());
  } finally {
    clearTimeout(timer);
  }
}

async function greet(socket: Socket, reader: ByteReader): Promise<void> {
  const [seen = 0, count = 0] = await reader.read(2);
  if (seen !== version) throw new Refusal(`version ${seen} is not supported`, [0, 0x5b, 0, 0, 0, 0, 0, 0]);
  const methods = await reader.read(count);
  if (!methods.includes(passwordMethod)) {
    throw new Refusal('the client offers no user name and password', [version, noMethod]);
  }
  socket.write(Buffer.from([version, passwordMethod]));
}

async function authenticate(socket: Socket, reader: ByteReader, handlers: ProxyHandlers): Promise<void> {
  const [seen = 0, nameLength = 0] = await reader.read(2);
  const name = await reader.read(nameLength);
  const [passwordLength = 0] = await reader.read(1);
  const password = await reader.read(passwordLength);
  if (seen !== 1 || !isCredential(handlers.credential(), name.toString(), password.toString())) {
    throw new Refusal('wrong user name or password', [1, 1]);
  }
  socket.write(Buffer.from([1, 0]));
}

async function readRequest(reader: ByteReader): Promise<Destination> {
  const [seen, command, , type] = await reader.read(4);
  if (seen !== version) throw new Refusal('malformed request', replyOf(reply.notAllowed));
  if (command !== 1)
    throw new Refusal(`command ${command} is not supported, only CONNECT is`, replyOf(reply.commandNotSupported));
  const host = await readHost(reader, type ?? 0);
  const port = (await reader.read(2)).readUInt16BE();
  if (!isHostText(host) || port === 0) throw new Refusal('no such destination', replyOf(reply.notAllowed));
  return { host: canonicalHost(host), port };
}

async function readHost(reader: ByteReader, type: number): Promise<string> {
  switch (type) {
    case 1:
      return [...(await reader.read(4))].join('.');
    case 3: {
      const [length = 0] = await reader.read(1);
      return (await reader.read(length)).toString('latin1');
    }
    case 4:
      return formatIpv6(await reader.read(16));
    default:
      throw new Refusal(`address type ${type} is not supported`, replyOf(reply.addressTypeNotSupported));
  }
}

/** All eight groups; readers of addresses know how to shorten them. */
function formatIpv6(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':');
}

/** A reply; the bound address is not told, as there is none yet. */
function replyOf(code: number): Buffer {
  return Buffer.from([version, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}
