// One side of the plain pair, the yardstick that our gates are measured beside: tunnels by nothing but node:http2, streams piped.
// http2-side.js source PORT GATE-PORT AUTHORITY CERTIFICATE-FILE | destination PORT TARGET-HOST TARGET-PORT CERTIFICATE-FILE
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, createSecureServer, type Http2SecureServer } from 'node:http2';
import { connect as connectTcp, createServer } from 'node:net';
import type { Duplex } from 'node:stream';

// The windows of HBONE, for a fair comparison.
const settings = { initialWindowSize: 4 * 1024 * 1024, maxFrameSize: 1024 * 1024, maxConcurrentStreams: 100_000 };
const connectionWindow = 16 * 1024 * 1024;
const streamsPerSession = 100;

const [side, port, ...rest] = process.argv.slice(2);
const { key, chain, bundle } = JSON.parse(readFileSync(rest.at(-1) ?? '', 'utf8')) as Record<string, string>;
const tls = { key, cert: chain, ca: bundle, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'], maxSessionMemory: 1000 } as const;

if (side === 'source') serveSource(Number(rest[0]), rest[1] ?? '');
else serveDestination(rest[0] ?? '', Number(rest[1])).listen(Number(port), '127.0.0.1');

function serveSource(gatePort: number, authority: string): void {
  const sessions: { session: ClientHttp2Session; streams: number }[] = [];
  const take = (): { session: ClientHttp2Session; streams: number } => {
    const free = sessions.find(({ streams, session }) => streams < streamsPerSession && !session.closed);
    if (free !== undefined) return free;
    const session = connect(`https://127.0.0.1:${gatePort}`, { ...tls, settings, checkServerIdentity: () => undefined });
    session.on('error', () => undefined);
    session.once('connect', () => session.setLocalWindowSize(connectionWindow));
    const opened = { session, streams: 0 };
    sessions.push(opened);
    return opened;
  };
  createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const taken = take();
    taken.streams += 1;
    const stream = taken.session.request({ ':method': 'CONNECT', ':authority': authority }, { endStream: false });
    stream.once('close', () => {
      taken.streams -= 1;
    });
    stream.once('response', () => join(stream, client));
    join(client, stream);
  }).listen(Number(port), '127.0.0.1');
}

function serveDestination(host: string, targetPort: number): Http2SecureServer {
  const server = createSecureServer({ ...tls, settings, requestCert: true, rejectUnauthorized: true });
  server.on('session', (session) => {
    session.setLocalWindowSize(connectionWindow);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream) => {
    const target = connectTcp({ host, port: targetPort, noDelay: true, allowHalfOpen: true });
    target.once('connect', () => {
      if (!stream.destroyed) stream.respond({ ':status': 200 });
      join(stream, target);
      join(target, stream);
    });
    target.once('error', () => stream.close());
  });
  return server;
}

function join(from: Duplex, to: Duplex): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.once('close', () => to.destroy());
}
