import type { Socket } from 'node:net';
import type { Destination } from '@sallyport/policy';
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

/** Says how many bytes come next, is given exactly those, and adds what is to be answered. */
type Steps<Result> = Generator<number, Result, Buffer>;

/**
 * Serves one SOCKS5 client (RFC 1928, 1929) whose first bytes have been read: user name and password always, CONNECT only. Success is
 * answered before anything is dialled (reference section 7.10). Who says everything at once is answered in one write. Never throws.
 */
export function serveSocks5(socket: Socket, first: Buffer, handlers: ProxyHandlers): void {
  const answers: Buffer[] = [];
  const steps = negotiate(answers, handlers);
  let step = steps.next();
  let seen = first;
  let timer: NodeJS.Timeout | undefined;
  const advance = (): void => {
    try {
      while (step.done !== true && seen.length >= step.value) {
        const bytes = seen.subarray(0, step.value);
        seen = seen.subarray(step.value);
        step = steps.next(bytes);
      }
      if (answers.length > 0) socket.write(Buffer.concat(answers.splice(0)));
      if (step.done !== true) {
        wait();
        return;
      }
      stop();
      if (seen.length > 0) socket.unshift(seen);
      handlers.onConnect(socket, step.value);
    } catch (error) {
      fail(error);
    }
  };
  const wait = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(() => socket.destroy(), proxyHandshakeTimeoutMs);
    socket.on('readable', readMore).on('end', ended).on('close', ended);
  };
  const readMore = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    advance();
  };
  const ended = (): void => fail(new Error('connection ended early'));
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', readMore).off('end', ended).off('close', ended);
  };
  const fail = (error: unknown): void => {
    stop();
    if (error instanceof Refusal && !socket.destroyed) socket.end(Buffer.concat([...answers, error.answer]));
    // What the client sends after a refusal is not read; the connection ends with the time limit, if not before.
    else socket.destroy();
    handlers.onRefused(socket, `SOCKS: ${error instanceof Error ? error.message : String(error)}`);
    socket.once('finish', () => socket.destroy());
  };
  advance();
}

function* negotiate(answers: Buffer[], handlers: ProxyHandlers): Steps<Destination> {
  yield* greet(answers);
  yield* authenticate(answers, handlers);
  const destination = yield* readRequest();
  answers.push(replyOf(reply.succeeded));
  return destination;
}

function* greet(answers: Buffer[]): Steps<void> {
  const [seen = 0, count = 0] = yield 2;
  if (seen !== version) throw new Refusal(`version ${seen} is not supported`, [0, 0x5b, 0, 0, 0, 0, 0, 0]);
  const methods = yield count;
  if (!methods.includes(passwordMethod)) {
    throw new Refusal('the client offers no user name and password', [version, noMethod]);
  }
  answers.push(Buffer.from([version, passwordMethod]));
}

function* authenticate(answers: Buffer[], handlers: ProxyHandlers): Steps<void> {
  const [seen = 0, nameLength = 0] = yield 2;
  const name = (yield nameLength).toString();
  const [passwordLength = 0] = yield 1;
  const password = (yield passwordLength).toString();
  if (seen !== 1 || !isCredential(handlers.credential(), name, password)) {
    throw new Refusal('wrong user name or password', [1, 1]);
  }
  answers.push(Buffer.from([1, 0]));
}

function* readRequest(): Steps<Destination> {
  const [seen, command, , type] = yield 4;
  if (seen !== version) throw new Refusal('malformed request', replyOf(reply.notAllowed));
  if (command !== 1)
    throw new Refusal(`command ${command} is not supported, only CONNECT is`, replyOf(reply.commandNotSupported));
  const host = yield* readHost(type ?? 0);
  const port = (yield 2).readUInt16BE();
  if (!isHostText(host) || port === 0) throw new Refusal('no such destination', replyOf(reply.notAllowed));
  return { host: canonicalHost(host), port };
}

function* readHost(type: number): Steps<string> {
  switch (type) {
    case 1:
      return [...(yield 4)].join('.');
    case 3: {
      const [length = 0] = yield 1;
      return (yield length).toString('latin1');
    }
    case 4:
      return formatIpv6(yield 16);
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
