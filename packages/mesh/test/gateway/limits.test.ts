import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import type { HttpLimits } from '../../src/http/limits.js';
import { connectSocket } from '../../src/socket/connect-socket.js';
import { ask, L7Mesh } from '../l7/l7-mesh.js';
import { closed } from '../support/await-event.js';
import { pod } from '../support/manifests.js';
import { startStuckListener } from '../support/stuck-listener.js';
import { TestAuthority } from '../support/test-authority.js';

const [plain, tls] = [18080, 18443];

let mesh: L7Mesh;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await mesh.stop();
});

/** A gateway in front of a pod that is not in the mesh, so that it connects to it straight. */
async function start(limits: Partial<HttpLimits>): Promise<TestAuthority> {
  const authority = await TestAuthority.create();
  const { chain, key } = await authority.issue('unused', { names: [{ type: 'dns', value: 'shop.example' }] });
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const manifests = [
    pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
    `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`,
    `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { namespace: shop, name: web }
data: { tls.crt: ${encoded(chain)}, tls.key: ${encoded(key)} }
`,
    `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec:
  gatewayClassName: istio
  listeners:
    - { name: plain, port: ${plain}, protocol: HTTP }
    - { name: tls, port: ${tls}, protocol: HTTPS, hostname: shop.example, tls: { certificateRefs: [{ name: web }] } }
`,
    `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: server, port: 80 }] }] }
`,
  ];
  mesh = await L7Mesh.start(
    manifests,
    async (made) => {
      const address = made.addresses.fresh();
      made.addresses.runAt('shop/server', address);
      cleanups.push(await startStuckListener(address, 8080));
    },
    limits,
  );
  return authority;
}

function dial(port: number, localAddress = '127.0.0.1'): Socket {
  const { address } = mesh.gate('shop/front').status().listeners[0] ?? { address: '' };
  const socket = connect({ host: address, port, localAddress });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

/** Whether a TLS handshake from this address comes to its end. */
function isSecured(authority: TestAuthority, localAddress: string): Promise<boolean> {
  const socket = connectTls({ socket: dial(tls, localAddress), servername: 'shop.example', ca: authority.bundle });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return new Promise((resolve) => socket.once('secureConnect', () => resolve(true)).once('close', () => resolve(false)));
}

it('one client has so many TLS handshakes under way at a gateway, and others are let in meanwhile', async () => {
  const authority = await start({ handshakesPerAddress: 3 });
  const silent = Array.from({ length: 3 }, () => dial(tls, '127.0.0.9'));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await expect.poll(() => isSecured(authority, '127.0.0.9')).toBe(false);
  await mesh.logged('too many TLS handshakes at once', '127.0.0.9');
  expect(await isSecured(authority, '127.0.0.8')).toBe(true);
  // Those that end make room, and those that are complete take none.
  for (const socket of silent) socket.resetAndDestroy();
  await expect.poll(() => isSecured(authority, '127.0.0.9')).toBe(true);
  for (let count = 0; count < 5; count += 1) expect(await isSecured(authority, '127.0.0.9')).toBe(true);
});

it('one address has so many connections at a gateway, and others are let in meanwhile', async () => {
  await start({ connectionsPerAddress: 2, connectTimeoutMs: 100 });
  const open = [dial(plain, '127.0.0.9'), dial(plain, '127.0.0.9')];
  await Promise.all(open.map((socket) => once(socket, 'connect')));
  const further = dial(plain, '127.0.0.9').resume();
  await closed(further);
  expect(await ask(dial(plain, '127.0.0.8'))).toMatchObject({ status: 503 });
});

it('an endpoint that takes no connection is given up after a while with 503', async () => {
  await start({ connectTimeoutMs: 200 });
  expect(await ask(dial(plain))).toMatchObject({ status: 503, body: 'upstream connect error: connection failure' });
  expect(await mesh.logged('"GET / HTTP/1.1" 503 UF')).toContain('within 200 ms');
});

it('where too many connections to an endpoint are being opened, a request gets 503 at once and the log says why', async () => {
  await start({ connectTimeoutMs: 3_600_000 });
  const address = mesh.mesh.addresses.applicationAddress('shop/server') ?? '';
  const opening = Array.from({ length: 1024 }, () => connectSocket({ address, port: 8080 }).on('error', () => undefined));
  cleanups.push(() => opening.map((socket) => socket.destroy()));
  expect(await ask(dial(plain))).toMatchObject({ status: 503, body: 'upstream connect error: overflow' });
  expect(await mesh.logged('"GET / HTTP/1.1" 503 UO')).toContain('are being opened');
});
