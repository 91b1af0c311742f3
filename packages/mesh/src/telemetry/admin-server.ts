import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AdminQuestion, isLocal, readQuestion } from './admin-request.js';

/** What an admin server shows, and where. */
export interface AdminServerOptions {
  readonly address: string;
  readonly port: number;
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  /** Whether this process can serve; asked at every `/healthz/ready`. One that throws is not ready. */
  readonly ready: () => boolean | Promise<boolean>;
  /** What each process behind it answers to a question. */
  readonly ask?: (question: AdminQuestion) => Promise<readonly unknown[]>;
}

/** A running admin server. */
export interface AdminServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz/ready` and, where there is somebody to ask, what `AdminQuestion` lists as JSON, to clients of this machine that
 * are no browser's page. Everything is read-only but the log level. Rejects if the address cannot be opened.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, options).catch(() => send(response, 500, 'internal error\n'));
  });
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { address, port }: AdminServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => resolve());
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AdminServerOptions): Promise<void> {
  if (!isLocal(request)) return send(response, 403, 'only for this machine, by address or as localhost\n');
  const { method = '' } = request;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return send(response, 405, 'method not allowed\n');
  const target = request.url ?? '';
  if (!URL.canParse(target, 'http://localhost')) return send(response, 400, 'bad target\n');
  const url = new URL(target, 'http://localhost');
  const { pathname: path } = url;
  if (method === 'POST' && path !== '/logging') return send(response, 405, 'method not allowed\n');
  if (path === '/metrics') {
    const text = await options.metrics.metrics();
    return send(response, 200, text, options.metrics.contentType);
  }
  if (path === '/healthz/ready')
    return (await options.ready()) ? send(response, 200, 'ready\n') : send(response, 503, 'not ready\n');
  if (options.ask === undefined) return send(response, 404, 'not found\n');
  const question = readQuestion(method, url);
  if ('error' in question) return send(response, question.status, `${question.error}\n`);
  send(response, 200, `${JSON.stringify({ processes: await options.ask(question) }, null, 2)}\n`, 'application/json');
}

function send(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}
