import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Destination } from '@sallyport/policy';
import { isCredential } from './proxy-credential.js';
import { canonicalHost, isHostText, type ProxyHandlers, proxyHandshakeTimeoutMs } from './proxy-request.js';

const hint = 'this proxy opens tunnels only: use CONNECT (curl --proxytunnel) or SOCKS5 (socks5h://)\n';

/**
 * Serves HTTP clients of a proxy listener: CONNECT with the listener's credential opens a tunnel, any other request gets 501
 * with a hint, as a proxy that forwards requests would have to judge them.
 */
export class HttpConnect {
  readonly #server: Server;
  /** Ends those that have not said where they want to go. Node.js looks at its own limits only where the server itself listens. */
  readonly #timers = new WeakMap<Socket, NodeJS.Timeout>();

  constructor(given: ProxyHandlers) {
    const handlers = refusingOnce({ ...given, onConnect: (socket, destination) => this.#connected(given, socket, destination) });
    this.#server = createServer({ maxHeaderSize: 16_384 }, (request, response) => refuseRequest(request, response, handlers));
    this.#server.on('connect', (request, stream, head) => connected(request, stream, head, handlers));
    this.#server.on('clientError', (error, stream) => {
      if (stream.writable) stream.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n', () => stream.destroy());
      handlers.onRefused(stream as Socket, `HTTP: ${error.message}`);
    });
  }

  /** Takes over a connection of which nothing has been read. */
  serve(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), proxyHandshakeTimeoutMs);
    this.#timers.set(socket, timer);
    socket.once('close', () => clearTimeout(timer));
    this.#server.emit('connection', socket);
  }

  #connected(handlers: ProxyHandlers, socket: Socket, destination: Destination): void {
    clearTimeout(this.#timers.get(socket));
    handlers.onConnect(socket, destination);
  }
}

/** Node.js tells of all that follows what was wrong, too: a client is turned away once, however much it still sends. */
function refusingOnce(handlers: ProxyHandlers): ProxyHandlers {
  const refused = new WeakSet<Socket>();
  const onRefused = (socket: Socket, error: string): void => {
    if (!refused.has(socket)) handlers.onRefused(socket, error);
    refused.add(socket);
  };
  return { ...handlers, onRefused };
}

function refuseRequest(request: IncomingMessage, response: ServerResponse, handlers: ProxyHandlers): void {
  handlers.onRefused(request.socket, `HTTP: method ${request.method} is not CONNECT`);
  response.writeHead(501, { 'content-type': 'text/plain', connection: 'close' }).end(hint);
}

function connected(request: IncomingMessage, stream: Duplex, head: Buffer, handlers: ProxyHandlers): void {
  // The server was given TCP sockets only.
  const socket = stream as Socket;
  if (!isAuthorized(request, handlers)) {
    refuse(socket, '407 Proxy Authentication Required', 'proxy-authenticate: Basic realm="sallyport"\r\n');
    handlers.onRefused(socket, 'HTTP: wrong user name or password');
    return;
  }
  const destination = parseDestination(request.url ?? '');
  if (destination === undefined) {
    refuse(socket, '400 Bad Request');
    handlers.onRefused(socket, 'HTTP: malformed CONNECT target');
    return;
  }
  if (head.length > 0) socket.unshift(head);
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  handlers.onConnect(socket, destination);
}

function refuse(socket: Socket, status: string, header = ''): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\n${header}content-length: 0\r\nconnection: close\r\n\r\n`);
  socket.resume();
}

function isAuthorized(request: IncomingMessage, handlers: ProxyHandlers): boolean {
  const [scheme, encoded] = (request.headers['proxy-authorization'] ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return false;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon >= 0 && isCredential(handlers.credential(), decoded.slice(0, colon), decoded.slice(colon + 1));
}

/** `HOST:PORT`, IPv6 in brackets; undefined for anything else. */
function parseDestination(target: string): Destination | undefined {
  const colon = target.lastIndexOf(':');
  const digits = target.slice(colon + 1);
  const written = target.slice(0, Math.max(colon, 0));
  const host = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (host === written && written.includes(':')) return undefined;
  if (digits.length === 0 || digits.length > 5 || ![...digits].every((digit) => digit >= '0' && digit <= '9')) return undefined;
  const port = Number(digits);
  if (port < 1 || port > 65_535 || !isHostText(host)) return undefined;
  return { host: canonicalHost(host), port };
}
