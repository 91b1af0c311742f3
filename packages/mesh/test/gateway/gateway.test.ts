import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, runHttp, waypoint } from '../l7/l7-mesh.js';
import { readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { TestAuthority } from '../support/test-authority.js';

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec:
  parentRefs: [{ name: front }]
  rules: [{ backendRefs: [{ name: server, port: 80 }] }]
`;
const service = (labels = '{}', port = '{ name: http, port: 80, targetPort: 8080 }') => `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: ${labels} }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [${port}] }
`;
const front = (listeners: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec: { gatewayClassName: istio, listeners: [${listeners}] }
`;
const plain = '{ name: web, port: 18080, protocol: HTTP }';
const base = [ambientNamespace('shop'), pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }), route];
const onlyGateway = policy(
  'shop',
  'only-gateway',
  '{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/front-istio] } }] }] }',
);
const atGateway = (spec: string) =>
  policy('shop', 'at-gateway', `{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: front }], ${spec} }`);
const numTrustedProxies = `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data: { mesh: "defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } }" }
`;

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

async function start(manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify({ url: incoming.url, headers: incoming.headers }));
    }),
  );
}

function listener(): { host: string; port: number } {
  const [first] = mesh.gate('shop/front').status().listeners;
  return { host: first?.address ?? '', port: first?.port ?? 0 };
}

async function dial(): Promise<Socket> {
  const socket = connect({ ...listener(), allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe('an ingress gateway', () => {
  it('sends a request on as itself, with the client in x-forwarded-for', async () => {
    await start([...base, service(), front(plain), onlyGateway]);
    const answer = await ask(await dial(), {
      path: '/a/../b?c',
      headers: {
        host: 'shop.example',
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-proto': 'https',
        'x-forwarded-client-cert': 'By=me',
      },
    });
    expect(answer.status).toBe(200);
    const { url, headers } = JSON.parse(answer.body);
    expect(url).toBe('/b?c');
    expect(headers).toMatchObject({ host: 'shop.example', 'x-forwarded-for': '1.2.3.4, 127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(headers).not.toHaveProperty('x-forwarded-client-cert');
    expect(await mesh.logged('"GET /a/../b?c HTTP/1.1" 200')).toContain('outbound|80||server.shop.svc.cluster.local');
  });

  it('judges by the address that its trusted proxies vouch for', async () => {
    const blocked = atGateway('action: DENY, rules: [{ from: [{ source: { remoteIpBlocks: ["1.2.3.4"] } }] }]');
    await start([...base, service(), front(plain), blocked, numTrustedProxies]);
    expect(await ask(await dial(), { headers: { 'x-forwarded-for': '1.2.3.4' } })).toMatchObject({
      status: 403,
      body: 'RBAC: access denied',
    });
    expect(await ask(await dial(), { headers: { 'x-forwarded-for': '1.2.3.4, 5.6.7.8' } })).toMatchObject({ status: 200 });
  });

  it('judges each request of a connection by what is its own, and the next one by a new policy', async () => {
    // So many that they are a table, which keeps with the connection what that comes to.
    const denying = (address: string) => {
      const rules = Array.from({ length: 12 }, (_, index) => `10.9.9.${index}`).concat(address);
      const each = rules.map((block) => `{ from: [{ source: { remoteIpBlocks: ["${block}"], notIpBlocks: ["192.0.2.1"] } }] }`);
      return atGateway(`action: DENY, rules: [${each.join(', ')}]`);
    };
    await start([...base, service(), front(plain), denying('1.2.3.4'), numTrustedProxies]);
    const socket = await dial();
    const asked = async (client: string, end: string) => {
      socket.write(`GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: ${client}\r\n\r\n`);
      return /^HTTP\/1\.1 (\d+)/.exec(await readUntil(socket, end))?.[1];
    };
    const [denied, served] = ['RBAC: access denied', '}}'];
    for (let round = 0; round < 3; round++) {
      expect(await asked('1.2.3.4', denied)).toBe('403');
      expect(await asked('5.6.7.8', served)).toBe('200');
    }
    await mesh.change([...base, service(), front(plain), denying('5.6.7.8'), numTrustedProxies]);
    expect(await asked('5.6.7.8', denied)).toBe('403');
    expect(await asked('1.2.3.4', served)).toBe('200');
  });

  it('goes past the waypoint unless the service says otherwise', async () => {
    const closed = policy('shop', 'closed', '{ targetRefs: [{ kind: Service, group: "", name: server }] }');
    const gate = waypoint('shop', 'gate');
    await start([...base, service('{ istio.io/use-waypoint: gate }'), gate, front(plain), closed]);
    expect(await ask(await dial())).toMatchObject({ status: 200 });
    await mesh.change([
      ...base,
      service('{ istio.io/use-waypoint: gate, istio.io/ingress-use-waypoint: "true" }'),
      gate,
      front(plain),
      closed,
    ]);
    expect(await ask(await dial())).toMatchObject({ status: 403 });
  });

  it('answers 404 where no route leads anywhere', async () => {
    await start([...base, service(), front('{ name: web, port: 18080, protocol: HTTP, hostname: "*.shop.example" }')]);
    expect(await ask(await dial(), { headers: { host: 'other.example' } })).toMatchObject({ status: 404 });
    expect(await mesh.logged(' 404 NR route_not_found ')).toContain('"other.example"');
    expect(await ask(await dial(), { headers: { host: 'www.shop.example' } })).toMatchObject({ status: 200 });
  });

  describe('with a listener that a change', () => {
    const moved = [...base, service(), front('{ name: web, port: 18081, protocol: HTTP }')];
    const changes: readonly (readonly [string, readonly string[]])[] = [
      ['takes away', moved],
      ['lets speak something else', [...base, service(), front('{ name: web, port: 18080, protocol: TCP }')]],
    ];
    let finish: () => void;
    async function underWay(): Promise<Socket> {
      const held = new Promise<void>((resolve) => {
        finish = resolve;
      });
      mesh = await L7Mesh.start([...base, service(), front(plain)], (made) =>
        runHttp(made, 'shop/server', 8080, async (_, response) => {
          response.write('begun');
          await held;
          response.end(' and finished');
        }),
      );
      const socket = await dial();
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await readUntil(socket, 'begun');
      return socket;
    }

    it.each(changes)('%s: a request may finish, and no further one is taken', async (_, changed) => {
      const socket = await underWay();
      await mesh.change(changed);
      socket.write('GET /next HTTP/1.1\r\nhost: a\r\n\r\n');
      finish();
      expect(await readAll(socket)).toMatch(/ and finished\r\n0\r\n\r\n$/);
      await mesh.logged('"GET / HTTP/1.1" 200');
      expect(mesh.log.filter((line) => line.includes('/next'))).toEqual([]);
    });

    it.each(changes)('%s: a request ends at once that a policy denies meanwhile', async (_, changed) => {
      const socket = await underWay();
      await mesh.change(changed);
      const ended = readAll(socket);
      await Promise.all([
        expect(ended).rejects.toThrow(),
        mesh.change([...changed, atGateway('action: DENY, rules: [{ to: [{ operation: { ports: ["18080"] } }] }]')]),
      ]);
      finish();
    });

    it.each(changes)('%s: a request ends that is still under way after a while', async (_, changed) => {
      const socket = await underWay();
      await mesh.change(changed);
      await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
      finish();
    });

    it('takes away with the whole gateway: a request ends at once', async () => {
      const socket = await underWay();
      const ended = readAll(socket);
      await Promise.all([
        expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' }),
        mesh.change([...base, service()].filter((text) => text !== route)),
      ]);
      finish();
    });
  });

  it('ends idle connections whose listener a change takes away', async () => {
    await start([...base, service(), front(plain)]);
    const socket = await dial();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(socket, '200 OK');
    const ended = once(socket, 'end');
    await mesh.change([...base, service(), front('{ name: web, port: 18081, protocol: HTTP }')]);
    socket.resume();
    await ended;
    expect(listener().port).toBe(18081);
  });

  it('judges and carries connections of a TCP listener', async () => {
    const tcpRoute = `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { namespace: shop, name: raw }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: server, port: 90 }] }] }
`;
    const manifests = [
      ...base,
      tcpRoute,
      service('{}', '{ name: tcp, port: 90, targetPort: 8080 }').replace('name: web', ''),
      front('{ name: raw, port: 18090, protocol: TCP }'),
    ].filter((text) => text !== route);
    mesh = await L7Mesh.start(manifests, (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)));
    const socket = await dial();
    socket.end('ping');
    expect(await readAll(socket)).toBe('ping');
    await mesh.change([...manifests, atGateway('action: DENY, rules: [{}]')]);
    const refused = await dial();
    refused.write('ping');
    await expect(readAll(refused)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('an HTTPS listener', () => {
  async function startTls(): Promise<TestAuthority> {
    const authority = await TestAuthority.create();
    const secret = async (name: string) => {
      const { chain, key } = await authority.issue('unused', { names: [{ type: 'dns', value: `${name}.example` }] });
      const encoded = (text: string) => Buffer.from(text).toString('base64');
      return `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { namespace: shop, name: ${name} }
data: { tls.crt: ${encoded(chain)}, tls.key: ${encoded(key)} }
`;
    };
    const tls = (name: string) =>
      `{ name: ${name}, port: 18443, protocol: HTTPS, hostname: ${name}.example, tls: { certificateRefs: [{ name: ${name} }] } }`;
    await start([
      ...base,
      service(),
      front([tls('one'), tls('two')].join(', ')),
      await secret('one'),
      await secret('two'),
      atGateway('action: DENY, rules: [{ when: [{ key: connection.sni, values: [two.example] }] }]'),
    ]);
    return authority;
  }

  async function secure(authority: TestAuthority, servername: string, protocols: string[]): Promise<TLSSocket> {
    const socket = connectTls({ ...listener(), servername, ca: authority.bundle, ALPNProtocols: protocols });
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  it('chooses the certificate by server name and speaks what was agreed on', async () => {
    const authority = await startTls();
    const first = await secure(authority, 'one.example', ['http/1.1']);
    expect(first.getPeerCertificate().subjectaltname).toBe('DNS:one.example');
    const answer = await ask(first, { headers: { host: 'one.example' } });
    expect(JSON.parse(answer.body).headers).toMatchObject({ 'x-forwarded-proto': 'https' });
    const second = await secure(authority, 'one.example', ['h2']);
    const session = connectHttp2('https://one.example', { createConnection: () => second });
    const call = session.request({ ':path': '/over-h2' });
    expect(JSON.parse(await readAll(call)).url).toBe('/over-h2');
    session.destroy();
  });

  it('shows policy the server name, and keeps a connection to the host it was secured for', async () => {
    const authority = await startTls();
    expect(await ask(await secure(authority, 'two.example', []), { headers: { host: 'two.example' } })).toMatchObject({
      status: 403,
    });
    expect(await ask(await secure(authority, 'one.example', []), { headers: { host: 'two.example' } })).toMatchObject({
      status: 404,
    });
  });

  it('refuses a handshake for a name that it has no certificate for', async () => {
    const authority = await startTls();
    await expect(secure(authority, 'three.example', [])).rejects.toThrow();
    expect(await mesh.logged('TLS handshake')).toContain('three.example');
    const nameless = connectTls({ ...listener(), ca: authority.bundle, rejectUnauthorized: false });
    await expect(once(nameless, 'secureConnect')).rejects.toThrow();
  });

  it('takes no renegotiation of TLS 1.2: it ends the connection that asks for one, and no other', async () => {
    const authority = await startTls();
    const other = await secure(authority, 'one.example', ['http/1.1']);
    const socket = connectTls({ ...listener(), servername: 'one.example', ca: authority.bundle, maxVersion: 'TLSv1.2' });
    sockets.push(socket);
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.2');
    const failed = once(socket, 'error');
    socket.renegotiate({}, () => undefined);
    expect(String((await failed)[0])).toContain('no renegotiation');
    expect(await ask(other, { headers: { host: 'one.example' } })).toMatchObject({ status: 200 });
  });
});
