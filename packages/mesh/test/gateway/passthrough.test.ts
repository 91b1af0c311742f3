import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { L7Mesh } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { helloMessage, records, serverName } from '../support/client-hellos.js';
import { atGateway, frontGateway, shop, tlsSecret, webService } from '../support/gateway-manifests.js';
import { TestAuthority } from '../support/test-authority.js';
import type { TestMesh } from '../support/test-mesh.js';

const run = promisify(execFile);
const passing = (hostname?: string) =>
  `{ name: tls, port: 18443, protocol: TLS, tls: { mode: Passthrough }${hostname === undefined ? '' : `, hostname: "${hostname}"`} }`;
const tlsRoute = (hostnames: string) => `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: { namespace: shop, name: secure }
spec: { parentRefs: [{ name: front }], hostnames: ${hostnames}, rules: [{ backendRefs: [{ name: server, port: 443 }] }] }
`;
const secureService = webService('{ name: tls, port: 443, targetPort: 8080 }');
const byName = (action: string, name: string) =>
  atGateway(`action: ${action}, rules: [{ when: [{ key: connection.sni, values: ["${name}"] }] }]`);

let authority: TestAuthority;
let bundle: string;
let mesh: L7Mesh;
const sockets: Socket[] = [];

beforeAll(async () => {
  authority = await TestAuthority.create();
  bundle = join(tmpdir(), `sallyport-passthrough-${process.pid}.pem`);
  await writeFile(bundle, authority.bundle);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

/** An HTTPS server of the application's own: nobody but it has the key. */
async function runHttps(made: TestMesh): Promise<void> {
  const { chain, key } = await authority.issue('unused', { names: [{ type: 'dns', value: '*.shop.example' }] });
  const server = createHttps({ cert: chain, key }, (incoming, response) => response.end(`for ${incoming.headers.host}`));
  await made.run('shop/server', 8080, (socket) => server.emit('connection', socket));
}

async function start(manifests: readonly string[], application = runHttps): Promise<void> {
  mesh = await L7Mesh.start([...shop, secureService, ...manifests], application);
}

function listener(): { host: string; port: number } {
  const [first] = mesh.gate('shop/front').status().listeners;
  return { host: first?.address ?? '', port: first?.port ?? 0 };
}

/** What curl gets for a host name, with the certificate checked. */
async function curl(name: string): Promise<string> {
  const { host, port } = listener();
  const url = `https://${name}:${port}/`;
  const { stdout } = await run('curl', [
    '-sS',
    '--max-time',
    '20',
    '--cacert',
    bundle,
    '--resolve',
    `${name}:${port}:${host}`,
    url,
  ]);
  return stdout;
}

async function dial(): Promise<Socket> {
  const socket = connect({ ...listener(), allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe('a listener that passes TLS through', () => {
  it('carries curl to the application that its TLSRoute names, whose certificate curl sees', async () => {
    await start([frontGateway(passing()), tlsRoute('["*.shop.example"]')]);
    expect(await curl('www.shop.example')).toContain('for www.shop.example');
    expect(await mesh.logged('direction="outbound"', 'shop')).not.toContain('error');
  });

  it('carries openssl s_client', async () => {
    await start([frontGateway(passing()), tlsRoute('["*.shop.example"]')]);
    const { host, port } = listener();
    const client = spawn('openssl', [
      's_client',
      '-quiet',
      '-verify_return_error',
      ...['-CAfile', bundle, '-connect', `${host}:${port}`, '-servername', 'cart.shop.example'],
    ]);
    client.stdin.write('GET / HTTP/1.1\r\nhost: cart.shop.example\r\nconnection: close\r\n\r\n');
    expect(await readAll(client.stdout)).toContain('for cart.shop.example');
    client.kill();
  });

  it('judges by the server name that the client asks for', async () => {
    await start([frontGateway(passing()), tlsRoute('["*.shop.example"]'), byName('DENY', 'admin.shop.example')]);
    expect(await curl('www.shop.example')).toContain('for www');
    await expect(curl('admin.shop.example')).rejects.toMatchObject({ code: 35 });
    await expect(curl('ADMIN.shop.example')).rejects.toMatchObject({ code: 35 });
    expect(await mesh.logged('deny-policy')).toContain('at-gateway');
    await mesh.change([
      ...shop,
      secureService,
      frontGateway(passing()),
      tlsRoute('["*.shop.example"]'),
      byName('ALLOW', 'admin.*'),
    ]);
    expect(await curl('admin.shop.example')).toContain('for admin');
    await expect(curl('www.shop.example')).rejects.toMatchObject({ code: 35 });
  });

  it('leads nowhere for a name that no route or no listener has', async () => {
    await start([frontGateway(passing('*.shop.example')), tlsRoute('["www.shop.example"]')]);
    expect(await curl('www.shop.example')).toContain('for www');
    await expect(curl('cart.shop.example')).rejects.toMatchObject({ code: 35 });
    expect(await mesh.logged('no route leads anywhere')).toContain('error');
    await expect(curl('shop.test')).rejects.toMatchObject({ code: 35 });
    expect(await mesh.logged('no listener covers')).toContain('shop.test');
  });

  it('shares a port with HTTPS listeners, which end TLS themselves', async () => {
    const https = '{ name: own, port: 18443, protocol: HTTPS, hostname: own.example, tls: { certificateRefs: [{ name: own }] } }';
    const httpRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: own }
spec: { parentRefs: [{ name: front, sectionName: own }], rules: [{ backendRefs: [{ name: none, port: 80 }] }] }
`;
    const gateway = frontGateway([passing('*.shop.example'), https].join(', '));
    await start([gateway, tlsRoute('[]'), httpRoute, await tlsSecret(authority, 'own')]);
    expect(await curl('www.shop.example')).toContain('for www');
    expect(await curl('own.example')).toBe('');
    expect(await mesh.logged('route_backend_invalid')).toContain('own.example');
  });

  it('hands the bytes on as they came, whatever the segments and records', async () => {
    const received: Buffer[] = [];
    let ended: () => void = () => undefined;
    const whole = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await start([frontGateway(passing()), tlsRoute('["www.shop.example"]')], (made) =>
      made.run('shop/server', 8080, (socket) => {
        socket.on('data', (chunk: Buffer) => received.push(chunk)).on('end', () => ended());
      }),
    );
    const bytes = Buffer.concat([records(helloMessage([serverName('www.shop.example')]), 7), Buffer.from('and more')]);
    const socket = await dial();
    socket.setNoDelay(true);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    socket.end();
    await whole;
    expect(Buffer.concat(received)).toEqual(bytes);
  });

  it.each([
    ['something that is no TLS', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), 'it is no TLS'],
    ['a greeting with two names', records(helloMessage([serverName('a.example'), serverName('b.example')])), 'comes twice'],
    ['a greeting that is cut off', records(helloMessage([serverName('a.example')])).subarray(0, 60), 'closed before'],
  ])('denies %s, though a route takes any name', async (_, bytes, why) => {
    await start([frontGateway(passing()), tlsRoute('[]')]);
    const socket = await dial();
    socket.end(bytes);
    socket.resume();
    await closed(socket);
    expect(await mesh.logged('unreadable-attribute', why)).toContain('TLS greeting');
  });

  it('ends a connection whose name a new policy denies', async () => {
    await start([frontGateway(passing()), tlsRoute('["*.shop.example"]')], (made) =>
      made.run('shop/server', 8080, (application) => application.pipe(application)),
    );
    const socket = await dial();
    const ended = closed(socket);
    socket.write(records(helloMessage([serverName('www.shop.example')])));
    await once(socket, 'data');
    await mesh.change([...shop, secureService, frontGateway(passing()), tlsRoute('["*.shop.example"]'), byName('DENY', 'www.*')]);
    await ended;
  });
});

describe('a TLS listener that ends TLS', () => {
  it('is none of those that are served here', async () => {
    await start([frontGateway('{ name: tls, port: 18443, protocol: TLS, tls: { mode: Terminate } }'), tlsRoute('[]')], () =>
      Promise.resolve(void createTls()),
    );
    expect(mesh.gate('shop/front').status().listeners).toEqual([]);
  });
});
