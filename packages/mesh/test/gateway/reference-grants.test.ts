import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp } from '../l7/l7-mesh.js';
import { frontGateway, frontRoute, shop, tlsSecret, webService } from '../support/gateway-manifests.js';
import { ambientNamespace } from '../support/manifests.js';
import { TestAuthority } from '../support/test-authority.js';

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

async function start(manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (_, response) => void response.end('reached')),
  );
}

function address(): { host: string; port: number } {
  const [first] = mesh.gate('shop/front').status().listeners;
  return { host: first?.address ?? '', port: first?.port ?? 0 };
}

const grant = (owner: string, kind: string, from: string, to: string) => `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { namespace: ${owner}, name: granted }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: ${from} }]
  to: [{ group: "", kind: ${to} }]
`;

describe('a route that sends to another namespace', () => {
  const manifests = [
    ...shop,
    ambientNamespace('edge'),
    webService(),
    frontGateway('{ name: http, port: 18080, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }'),
    frontRoute
      .replace('namespace: shop', 'namespace: edge')
      .replace('name: front', 'name: front, namespace: shop')
      .replace('name: server', 'name: server, namespace: shop'),
  ];
  const status = async () => {
    const socket = connect({ ...address(), allowHalfOpen: true });
    sockets.push(socket);
    await once(socket, 'connect');
    return (await ask(socket, { headers: { host: 'shop.example' } })).status;
  };

  it('is answered with 500 until that namespace grants it, and again when it no longer does', async () => {
    await start(manifests);
    expect(await status()).toBe(500);
    await mesh.change([...manifests, grant('shop', 'HTTPRoute', 'edge', 'Service')]);
    expect(await status()).toBe(200);
    await mesh.change(manifests);
    expect(await status()).toBe(500);
  });
});

describe('a listener with the certificate of another namespace', () => {
  const listener =
    '{ name: one, port: 18443, protocol: HTTPS, hostname: one.example, tls: { certificateRefs: [{ name: one, namespace: certificates }] } }';

  async function handshake(...grants: readonly string[]): Promise<unknown> {
    const authority = await TestAuthority.create();
    const secret = (await tlsSecret(authority, 'one')).replace('namespace: shop', 'namespace: certificates');
    await start([...shop, webService(), frontRoute, frontGateway(listener), secret, ...grants]);
    const socket = connectTls({ ...address(), servername: 'one.example', ca: authority.bundle });
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().subjectaltname;
  }

  it('shows it where that namespace grants it', async () => {
    expect(await handshake(grant('certificates', 'Gateway', 'shop', 'Secret'))).toBe('DNS:one.example');
  });

  it('refuses the handshake where it does not', async () => {
    await expect(handshake(grant('certificates', 'HTTPRoute', 'shop', 'Secret'))).rejects.toThrow();
  });
});
