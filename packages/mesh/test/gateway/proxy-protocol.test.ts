import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { atGateway, frontGateway, frontRoute, shop, tlsSecret, webService } from '../support/gateway-manifests.js';
import { policy } from '../support/manifests.js';
import { versionTwo } from '../support/proxy-headers.js';
import { TestAuthority } from '../support/test-authority.js';

const run = promisify(execFile);
const annotated = (topology: string) => `{ proxy.istio.io/config: '{ gatewayTopology: ${topology} }' }`;
const proxied = annotated('{ proxyProtocol: {} }');
const web = '{ name: web, port: 18080, protocol: HTTP }';
const denied = (field: string) => atGateway(`action: DENY, rules: [{ from: [{ source: { ${field}: ["203.0.113.0/24"] } }] }]`);
const v1 = (address: string) => Buffer.from(`PROXY TCP4 ${address} 10.0.0.1 5000 80\r\n`);
const v2 = (last: number) => versionTwo(0x21, 0x11, [203, 0, 113, last, 10, 0, 0, 1, 0x13, 0x88, 0, 80]);

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

async function start(...manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify(incoming.headers));
    }),
  );
}

async function dial(header: Buffer): Promise<Socket> {
  const [listener] = mesh.gate('shop/front').status().listeners;
  const socket = connect({ host: listener?.address ?? '', port: listener?.port ?? 0, allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(header);
  return socket;
}

describe('a gateway that takes PROXY headers', () => {
  it.each([
    ['version 1', v1],
    ['version 2', (address: string) => v2(Number(address.split('.').at(-1)))],
  ])('judges by the client that a header of %s tells, and forwards and logs that one', async (_, header) => {
    await start(
      ...shop,
      webService(),
      frontRoute,
      frontGateway(web, proxied),
      atGateway('action: DENY, rules: [{ from: [{ source: { remoteIpBlocks: ["203.0.113.9"] } }] }]'),
    );
    expect(await ask(await dial(header('203.0.113.9')))).toMatchObject({ status: 403 });
    expect(await mesh.logged('403', 'rbac')).toContain('203.0.113.9:5000');
    const answer = await ask(await dial(header('203.0.113.8')));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ 'x-forwarded-for': '203.0.113.8' });
  });

  it('knows an IPv4 address that is written as IPv6', async () => {
    await start(...shop, webService(), frontRoute, frontGateway(web, proxied), denied('remoteIpBlocks'));
    const mapped = Buffer.from('PROXY TCP6 ::FFFF:203.0.113.9 ::1 5000 80\r\n');
    expect(await ask(await dial(mapped))).toMatchObject({ status: 403 });
  });

  it('leaves ipBlocks the TCP peer', async () => {
    await start(...shop, webService(), frontRoute, frontGateway(web, proxied), denied('ipBlocks'));
    expect(await ask(await dial(v1('203.0.113.9')))).toMatchObject({ status: 200 });
  });

  it('judges connections without HTTP by it, too', async () => {
    const raw = [
      ...shop,
      webService('{ name: tcp, port: 90, targetPort: 8080 }'),
      `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { namespace: shop, name: raw }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: server, port: 90 }] }] }
`,
      frontGateway('{ name: raw, port: 18090, protocol: TCP }', proxied),
      denied('remoteIpBlocks'),
    ];
    mesh = await L7Mesh.start(raw, (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)));
    const admitted = await dial(v1('198.51.100.1'));
    admitted.end('ping');
    expect(await readAll(admitted)).toBe('ping');
    const refused = await dial(v2(9));
    refused.write('ping');
    await expect(readAll(refused)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('takes the header off before TLS', async () => {
    const authority = await TestAuthority.create();
    const https = '{ name: one, port: 18443, protocol: HTTPS, tls: { certificateRefs: [{ name: one }] } }';
    await start(
      ...shop,
      webService(),
      frontRoute,
      frontGateway(https, proxied),
      await tlsSecret(authority, 'one'),
      denied('remoteIpBlocks'),
    );
    const asked = async (header: Buffer) => {
      const secure = connectTls({ socket: await dial(header), servername: 'one.example', ca: authority.bundle });
      await once(secure, 'secureConnect');
      return (await ask(secure)).status;
    };
    expect(await asked(v1('203.0.113.9'))).toBe(403);
    expect(await asked(v2(9))).toBe(403);
    expect(await asked(v1('198.51.100.1'))).toBe(200);
  });

  it('understands curl', async () => {
    await start(...shop, webService(), frontRoute, frontGateway(web, proxied));
    const [listener] = mesh.gate('shop/front').status().listeners;
    const { stdout } = await run('curl', ['-sS', '--haproxy-protocol', `http://${listener?.address}:${listener?.port}/`]);
    expect(JSON.parse(stdout)).toMatchObject({ 'x-forwarded-for': '127.0.0.1' });
    await expect(run('curl', ['-sS', `http://${listener?.address}:${listener?.port}/`])).rejects.toMatchObject({ code: 56 });
  });

  it.each([
    ['LOCAL', versionTwo(0x20, 0, [])],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
  ])('takes the proxy itself for the client of a header that says %s', async (_, header) => {
    await start(
      ...shop,
      webService(),
      frontRoute,
      frontGateway(web, proxied),
      atGateway('action: DENY, rules: [{ from: [{ source: { notRemoteIpBlocks: ["127.0.0.0/8"] } }] }]'),
    );
    expect(await ask(await dial(header))).toMatchObject({ status: 200 });
    expect(await ask(await dial(v2(1)))).toMatchObject({ status: 403 });
  });

  it.each([
    ['no header', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), 'begins with no PROXY header'],
    [
      'one that cannot be read',
      Buffer.from('PROXY TCP4 1.2.3.4 web 1 2\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n'),
      'addresses or ports',
    ],
  ])('closes a connection with %s, and says so', async (_, bytes, why) => {
    await start(...shop, webService(), frontRoute, frontGateway(web, proxied));
    const socket = await dial(bytes);
    socket.resume();
    await closed(socket);
    expect(await mesh.logged('PROXY header', why)).toContain('127.0.0.1');
  });

  it('closes one that sends no header in time', async () => {
    mesh = await L7Mesh.start([...shop, webService(), frontRoute, frontGateway(web, proxied)], () => undefined, {
      preambleTimeoutMs: 50,
    });
    const socket = await dial(Buffer.from('PROXY TCP4 1.2.3.4'));
    socket.resume();
    await closed(socket);
    expect(await mesh.logged('PROXY header', 'nothing in time')).toContain('127.0.0.1');
  });

  it('counts trusted proxies from behind the one that told', async () => {
    const blocked = atGateway('action: DENY, rules: [{ from: [{ source: { remoteIpBlocks: ["1.2.3.4"] } }] }]');
    const topology = annotated('{ proxyProtocol: {}, numTrustedProxies: 1 }');
    await start(...shop, webService(), frontRoute, frontGateway(web, topology), blocked);
    const headers = { 'x-forwarded-for': '1.2.3.4' };
    expect(await ask(await dial(v2(1)), { headers })).toMatchObject({ status: 403 });
    expect(await ask(await dial(v1('1.2.3.4')), { headers: { 'x-forwarded-for': '9.9.9.9' } })).toMatchObject({ status: 200 });
    expect(await ask(await dial(v1('1.2.3.4')))).toMatchObject({ status: 403 });
  });

  it('ends connections that began otherwise when it begins to take them, and when it ends to', async () => {
    const without = [...shop, webService(), frontRoute, frontGateway(web, '{}')];
    const headed = [...shop, webService(), frontRoute, frontGateway(web, proxied)];
    await start(...without);
    for (const [header, next] of [
      [Buffer.alloc(0), headed],
      [v2(1), without],
    ] as const) {
      const socket = await dial(header);
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await once(socket, 'data');
      socket.resume();
      await Promise.all([closed(socket), mesh.change(next)]);
    }
  });

  it('is one by MeshConfig, too', async () => {
    const meshConfig = `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data: { mesh: "defaultConfig: { gatewayTopology: { proxyProtocol: {} } }" }
`;
    await start(...shop, webService(), frontRoute, frontGateway(web, '{}'), meshConfig, denied('remoteIpBlocks'));
    expect(await ask(await dial(v2(9)))).toMatchObject({ status: 403 });
    expect(await ask(await dial(v1('198.51.100.1')))).toMatchObject({ status: 200 });
  });

  it('never hands the header on: a waypoint and a ztunnel behind see the gateway', async () => {
    const onlyGateway = policy(
      'shop',
      'only-gateway',
      '{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/front-istio] } }] }] }',
    );
    await start(...shop, webService(), frontRoute, frontGateway(web, proxied), onlyGateway);
    expect(await ask(await dial(v2(9)))).toMatchObject({ status: 200 });
  });
});
