import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { connect, isIPv6 } from 'node:net';
import type { Transport } from './answer-query.js';
import { frame, readFrames } from './tcp-frames.js';

/** Another resolver. */
export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** For each resolver; a program that asks waits five seconds, as a rule. */
const serverMs = 1500;
const mostServers = 3;
const headerLength = 12;

/**
 * Asks other resolvers, one after the other; undefined where none answers. The answer has the
 * number of the question again; what goes out has one that cannot be guessed, from a port that cannot be either.
 */
export async function askServers(
  servers: readonly DnsServer[],
  query: Buffer,
  transport: Transport,
): Promise<Buffer | undefined> {
  if (query.length < headerLength) return undefined;
  const number = randomInt(0x1_0000);
  const question = Buffer.from(query);
  question.writeUInt16BE(number);
  for (const server of servers.slice(0, mostServers)) {
    const answer = await ask(server, question, transport).catch(() => undefined);
    if (answer === undefined) continue;
    const own = Buffer.from(answer);
    own.writeUInt16BE(query.readUInt16BE());
    return own;
  }
  return undefined;
}

function ask(server: DnsServer, question: Buffer, transport: Transport): Promise<Buffer> {
  return transport === 'udp' ? askUdp(server, question) : askTcp(server, question);
}

function askUdp({ address, port }: DnsServer, question: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error('no answer in time'))), serverMs);
    socket.on('error', (error) => finish(() => reject(error)));
    // Connected: the kernel drops what comes from anybody else, and tells of a port that nobody listens on.
    socket.connect(port, address, () => socket.send(question));
    socket.on('message', (answer) => {
      if (isAnswerTo(answer, question)) finish(() => resolve(answer));
    });
  });
}

async function askTcp({ address, port }: DnsServer, question: Buffer): Promise<Buffer> {
  const socket = connect({ host: address, port });
  socket.setTimeout(serverMs, () => socket.destroy(new Error('no answer in time')));
  socket.write(frame(question));
  try {
    for await (const answer of readFrames(socket)) if (isAnswerTo(answer, question)) return answer;
  } finally {
    socket.destroy();
  }
  throw new Error('connection ended without an answer');
}

/** The same number and the same question; the names' case is as it was sent. */
function isAnswerTo(answer: Buffer, question: Buffer): boolean {
  if (answer.length < headerLength || answer.readUInt16BE() !== question.readUInt16BE() || (answer.readUInt8(2) & 0x80) === 0)
    return false;
  const end = questionEnd(question);
  return answer.subarray(headerLength, end).equals(question.subarray(headerLength, end)) || answer.readUInt16BE(4) === 0;
}

/** Where the first question of a query ends: its labels, then type and class. */
function questionEnd(query: Buffer): number {
  let at = headerLength;
  while (at < query.length) {
    const length = query.readUInt8(at);
    if (length === 0) break;
    at += 1 + length;
  }
  return at + 5;
}

/** The resolvers of this machine (`/etc/resolv.conf`), read anew each time: a laptop changes its networks. */
export function machineServers(): DnsServer[] {
  return new Resolver().getServers().map((written) => {
    const bracketed = /^\[(.+)\]:(\d+)$/.exec(written) ?? /^([^:]+):(\d+)$/.exec(written);
    return { address: bracketed?.[1] ?? written, port: Number(bracketed?.[2] ?? 53) };
  });
}
