import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { openDatagrams } from '../namespace/namespace-socket.js';
import type { ListenPlace } from '../socket/listen-options.js';
import type { Listener } from '../socket/listener-set.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { type AnswerSource, answerQuery, type KnownName } from './answer-query.js';
import { serveFrames } from './tcp-frames.js';
import { askServers, type DnsServer, machineServers } from './upstream.js';

/** What a resolver needs. */
export interface ResolverOptions extends ListenPlace, Pick<AnswerSource, 'asked' | 'forwarded'> {
  /** What the mesh knows about a lower-case name. */
  readonly lookup: (name: string) => KnownName | Promise<KnownName>;
  /** Whom to ask about other names; this machine's own resolvers where absent. */
  readonly servers?: () => readonly DnsServer[];
}

/** How long a client may leave a TCP connection idle. */
const idleMs = 10_000;
/** Questions of one workload that wait for an answer at once; more are dropped, and asked again by whoever asked. */
const mostWaiting = 500;

/**
 * Opens the resolver of one workload, on UDP and TCP: names of the mesh are answered, others handed on to the resolvers of
 * this machine (reference section 7.10). Rejects where a socket cannot be opened.
 */
export async function openResolver(options: ResolverOptions): Promise<Listener> {
  const servers = options.servers ?? machineServers;
  const source: AnswerSource = {
    ...options,
    askUpstream: (query, transport) => askServers(servers(), query, transport),
  };
  const datagrams = await listenUdp(options, source);
  try {
    const tcp = await listenTcp({ ...options, onConnection: (socket) => serveTcp(socket, source), maxConnections: 200 });
    return {
      close: async (drainMs) => {
        datagrams.close();
        await tcp.close(drainMs);
      },
    };
  } catch (error) {
    datagrams.close();
    throw error;
  }
}

async function listenUdp({ address, port, namespace }: ListenPlace, source: AnswerSource): Promise<DatagramSocket> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let waiting = 0;
  const serve = async (query: Buffer, from: RemoteInfo): Promise<void> => {
    if (waiting >= mostWaiting) return;
    waiting += 1;
    try {
      const answer = await answerQuery(query, 'udp', source);
      if (answer !== undefined) socket.send(answer, from.port, from.address, () => undefined);
    } catch {
      // Closed in the meantime.
    } finally {
      waiting -= 1;
    }
  };
  socket.on('message', (query, from) => void serve(query, from));
  // A given descriptor is bound already, and said to be at once.
  const listening = once(socket, 'listening');
  socket.bind(namespace === undefined ? { address, port } : { fd: openDatagrams(namespace, address, port), exclusive: true });
  await listening;
  socket.on('error', () => undefined);
  return socket;
}

function serveTcp(socket: Socket, source: AnswerSource): void {
  socket.setTimeout(idleMs, () => socket.destroy());
  serveFrames(socket, (query) => answerQuery(query, 'tcp', source));
}
