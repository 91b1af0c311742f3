import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an admin server shows, and where. */
export interface AdminServerOptions {
  readonly address: string;
  readonly port: number;
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  /** Whether this process can serve; asked at every `/healthz/ready`. One that throws is not ready. */
  readonly ready: () => boolean | Promise<boolean>;
}

/** A running admin server. */
export interface AdminServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/metrics` and `/healthz/ready`, read-only, where the caller says. Rejects if the address cannot be opened. */
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
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'method not allowed\n');
  const [path] = (request.url ?? '').split('?');
  if (path === '/metrics') {
    const text = await options.metrics.metrics();
    return send(response, 200, text, options.metrics.contentType);
  }
  if (path === '/healthz/ready')
    return (await options.ready()) ? send(response, 200, 'ready\n') : send(response, 503, 'not ready\n');
  send(response, 404, 'not found\n');
}

function send(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}
