import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { frontGateway, frontRoute, tlsSecret } from '../support/gateway-manifests.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { TestAuthority } from '../support/test-authority.js';

const [plain, secured] = [18_080, 18_443];
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
  policy(
    'shop',
    'no-writes',
    '{ targetRefs: [{ kind: Service, group: "", name: server }], action: DENY, rules: [{ to: [{ operation: { methods: [WRITE*] } }] }] }',
  ),
  frontGateway(
    `{ name: plain, port: ${plain}, protocol: HTTP },
     { name: tls, port: ${secured}, protocol: HTTPS, hostname: web.example, tls: { certificateRefs: [{ name: web }] } }`,
  ),
  frontRoute,
];

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

/** The labels of all series; but not how a connection ended, which is one of few words and depends on who was faster. */
async function series(): Promise<string[]> {
  const text = await mesh.mesh.metrics.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const labels = lines.map((line) => line.slice(line.indexOf('{'), line.lastIndexOf(' ')));
  return [...new Set(labels.map((each) => each.replace(/response_flags="[A-Z_,-]{1,30}"/, '')))];
}

async function atGateway(port: number): Promise<Socket> {
  const { address = '' } = mesh.gate('shop/front').status().listeners[0] ?? {};
  const socket = connect(port, address);
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** All that a client, an application or a stranger may choose, each time something that was never there. */
async function storm(name: string): Promise<void> {
  const headers = {
    host: `${name}.example`,
    'user-agent': name,
    'x-request-id': name,
    'x-forwarded-for': name,
    'content-type': 'application/grpc',
    'x-envoy-original-path': `/${name}`,
    baggage: `k8s.workload.name=${name}`,
  };
  for (const method of ['GET', `${name.toUpperCase()}`, `WRITE${name.toUpperCase()}`]) {
    await ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80), { method, path: `/${name}?${name}`, headers });
    await ask(await atGateway(plain), { method, path: `/${name}`, headers });
  }
  const smuggled = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
  smuggled.write(`GET /${name} HTTP/1.1\r\n${name}\r\n\r\n`);
  await readAll(smuggled);
  const tls = connectTls({ socket: await atGateway(secured), servername: `${name}.example`, rejectUnauthorized: false });
  await closed(tls);
  for (const target of [`${name}.example`, `${name}.shop.svc.cluster.local`])
    await mesh.mesh.connectAs('shop/client', target, 80).then(
      (socket) => socket.destroy(),
      () => undefined,
    );
}

it('no series comes of what clients, applications and strangers choose', async () => {
  const authority = await TestAuthority.create();
  mesh = await L7Mesh.start([...manifests, await tlsSecret(authority, 'web')], (made) =>
    runHttp(made, 'shop/server', 8080, ({ url = '' }, response) => {
      response.writeHead(200, { 'grpc-status': url.slice(1), server: url, 'x-envoy-upstream-service-time': url });
      response.end();
    }),
  );
  for (const name of ['first', 'second']) await storm(name);
  const before = await series();
  expect(before.join()).toContain('response_code="200",grpc_response_status="-1"');
  for (let round = 0; round < 20; round += 1) await storm(`round-${round}`.replace('-', ''));
  const after = await series();
  expect(after.filter((one) => !before.includes(one))).toEqual([]);
  expect(after.join('\n')).not.toMatch(/first|second|round/i);
});
