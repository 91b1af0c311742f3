import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProxyFixture, type ProxyPlan } from './proxy-fixture.js';

const endings: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) {
    await end();
  }
});

async function listen(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

async function proxyTo(server: Server | Http2Server, plan: Partial<ProxyPlan> = {}): Promise<ProxyFixture> {
  const proxy = await ProxyFixture.start({ application: await listen(server), ...plan });
  endings.push(() => proxy.close());
  return proxy;
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
  trailers: IncomingMessage['trailers'];
}

function ask(
  port: number,
  options: {
    method?: string;
    path?: string;
    headers?: Record<string, string | string[]>;
    body?: Buffer;
    trailers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        method: options.method ?? 'GET',
        path: options.path ?? '/',
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            trailers: response.trailers,
          }),
        );
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    if (options.trailers) {
      call.addTrailers(options.trailers);
    }
    call.end(options.body);
  });
}

describe('an HTTP/1.1 request through the proxy', () => {
  it('arrives with method, path, headers and body, and its answer comes back', async () => {
    const application = createServer((incoming, response) => {
      const hash = createHash('sha256');
      incoming.on('data', (chunk) => hash.update(chunk));
      incoming.on('end', () => {
        response.writeHead(201, { 'x-app': 'yes', 'set-cookie': ['a=1', 'b=2'] });
        response.end(
          JSON.stringify({
            method: incoming.method,
            url: incoming.url,
            host: incoming.headers.host,
            id: incoming.headers['x-request-id'],
            hash: hash.digest('hex'),
          }),
        );
      });
    });
    const proxy = await proxyTo(application);
    const body = randomBytes(3_000_000);
    const answer = await ask(proxy.port, { method: 'POST', path: '/a?b=c', headers: { host: 'service:80' }, body });
    expect(answer.status).toBe(201);
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    const seen = JSON.parse(answer.body.toString());
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/a?b=c',
      host: 'service:80',
      hash: createHash('sha256').update(body).digest('hex'),
    });
    expect(seen.id).toMatch(/^[0-9a-f-]{36}$/);
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ status: 201, bytesReceived: 3_000_000, flags: '-', details: 'via_upstream' });
  });

  it('carries trailers both ways', async () => {
    const application = createServer((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': `${incoming.trailers['x-check']}!` });
        response.end();
      });
    });
    const proxy = await proxyTo(application);
    const answer = await ask(proxy.port, {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
      body: Buffer.from('x'),
      trailers: { 'x-check': 'seven' },
    });
    expect(answer.trailers['x-sum']).toBe('seven!');
  });
});

describe('an HTTP/2 request through the proxy', () => {
  it('goes on as HTTP/2 with its trailers where the application speaks it', async () => {
    const application = createHttp2Server();
    application.on('stream', (stream, headers) => {
      stream.on('trailers', (trailers) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-echo': String(trailers['x-check']) }));
        stream.end(`${headers[':path']} ${headers.te}`);
      });
      stream.resume();
    });
    const proxy = await proxyTo(application, { protocol: 'http2' });
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    endings.push(() => session.destroy());
    const stream = session.request(
      { ':method': 'POST', ':path': '/pkg.Service/Method', 'content-type': 'application/grpc', te: 'trailers' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-check': 'nine' }));
    stream.end('question');
    const trailers = new Promise<Record<string, unknown>>((resolve) => stream.once('trailers', resolve));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('/pkg.Service/Method trailers');
    expect(await trailers).toMatchObject({ 'grpc-status': '0', 'x-echo': 'nine' });
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ status: 200, grpcStatus: '0', bytesReceived: 8 });
  });
});
