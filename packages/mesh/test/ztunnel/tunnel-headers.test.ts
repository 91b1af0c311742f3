import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingHead } from '../../src/http2/message-head.js';
import { readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { openTunnel } from '../support/open-tunnel.js';
import { TestMesh } from '../support/test-mesh.js';

const named = `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: named }
spec:
  clusterIP: 10.2.0.3
  selector: { app: server }
  ports: [{ name: tcp, port: 90, targetPort: main }]
`;
const portsByName = `
apiVersion: v1
kind: Pod
metadata: { namespace: shop, name: server, labels: { app: server } }
spec:
  serviceAccountName: server
  containers: [{ name: main, image: main, ports: [{ name: main, containerPort: 8080 }, { containerPort: 15006 }] }]
status: { podIP: 10.1.0.3, phase: Running }
`;
const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  portsByName,
  pod('shop', 'elsewhere', { address: '10.1.0.4', ports: [8080] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
  service('shop', 'elsewhere', '10.2.0.2', 80, 8080),
  named,
];
const onlyClient = policy(
  'shop',
  'only-client',
  '{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }',
);

let mesh: TestMesh;
afterEach(() => mesh.stop());

async function start(...manifests: readonly string[]): Promise<void> {
  mesh = await TestMesh.start([...base, ...manifests], (made) => made.run('shop/server', 8080, (socket) => socket.pipe(socket)));
}

/** What comes back for `ping` through a tunnel to the server's ztunnel, or the error that refuses it. */
async function ask(authority: string, { client = 'shop/client', headers = {} as OutgoingHead } = {}): Promise<string> {
  try {
    const { stream } = await openTunnel(mesh, { client, gate: '10.1.0.3', expected: 'shop/server', authority, headers });
    stream.end('ping');
    return await readAll(stream);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const inbound = () => mesh.logged('connection complete', 'direction="inbound"');

describe('a ztunnel that is asked for a host name', () => {
  it.each([
    ['server.shop.svc.cluster.local:80', 'a service that the workload is behind'],
    ['SERVER.shop.SVC.cluster.local:80', 'the same in capitals'],
    ['named.shop.svc.cluster.local:90', 'a service whose target port has a name'],
  ])('serves %s, %s', async (authority) => {
    await start(onlyClient);
    expect(await ask(authority)).toBe('ping');
    expect(await inbound()).toContain(`dst.hbone_addr=${authority} dst.service="${authority.split(':')[0]?.toLowerCase()}"`);
  });

  it('judges by the port that the name leads to', async () => {
    const ports = '{ selector: { matchLabels: { app: server } }, rules: [{ to: [{ operation: { ports: ["80"] } }] }] }';
    await start(policy('shop', 'wrong-port', ports));
    expect(await ask('server.shop.svc.cluster.local:80')).toBe('http status: 401 Unauthorized');
    await mesh.change([...base, policy('shop', 'right-port', ports.replace('80', '8080'))]);
    expect(await ask('server.shop.svc.cluster.local:80')).toBe('ping');
  });

  it.each([
    ['elsewhere.shop.svc.cluster.local:80', 'http status: 503 Service Unavailable'],
    ['nothing.shop.svc.cluster.local:80', 'http status: 503 Service Unavailable'],
    ['server.shop.svc.cluster.local:81', 'http status: 503 Service Unavailable'],
    ['server.shop.svc.cluster.local', 'http status: 400 Bad Request'],
    ['server.shop.svc.cluster.local:0', 'http status: 400 Bad Request'],
    ['server shop:80', 'http status: 400 Bad Request'],
    ['10.1.0.4:8080', 'http status: 400 Bad Request'],
    ['10.1.0.3:15006', 'http status: 503 Service Unavailable'],
  ])('answers %s with %s', async (authority, answer) => {
    await start();
    expect(await ask(authority)).toBe(answer);
  });
});

describe('a ServiceEntry with subjectAltNames', () => {
  const entry = (names: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { namespace: shop, name: server }
spec:
  hosts: [server.example]
  addresses: [10.2.0.9]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: tcp, protocol: TCP, targetPort: 8080 }]
  workloadSelector: { labels: { app: server } }
  subjectAltNames: [${names}]
`;
  const dial = async () => {
    const socket = await mesh.connectAs('shop/client', 'server.example', 80);
    const answer = readAll(socket).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
    socket.end('ping');
    return answer;
  };

  it.each([
    ['spiffe://cluster.local/ns/shop/sa/stand-in', 'ping'],
    ['spiffe://cluster.local/ns/shop/sa/somebody', 'ECONNRESET'],
    ['', 'ECONNRESET'],
  ])('lets its endpoints prove to be %j, and nobody else', async (name, outcome) => {
    await start(entry(name === '' ? '' : `"${name}"`));
    const standIn = await mesh.authority.issue('spiffe://cluster.local/ns/shop/sa/stand-in');
    mesh.authority.put({ ...standIn, identity: 'spiffe://cluster.local/ns/shop/sa/server' });
    expect(await dial()).toBe(outcome);
  });
});

describe('what a tunnel says about itself', () => {
  it('names the service for the log, where the workload is behind it', async () => {
    await start();
    expect(await ask('10.1.0.3:8080', { headers: { forwarded: 'for="10.1.0.1:5";host=server.shop.svc.cluster.local' } })).toBe(
      'ping',
    );
    expect(await inbound()).toContain('dst.service="server.shop.svc.cluster.local"');
  });

  it.each([
    ['with space and quotation marks', 'for="10.1.0.1:5"; host="SERVER.shop.svc.cluster.local"', 'server'],
    ['of a service that leads elsewhere', 'host=elsewhere.shop.svc.cluster.local', 'named'],
    ['of nothing', 'host=', 'named'],
    ['that is one quotation mark', 'host="', 'named'],
    ['that is not there', 'for=unknown', 'named'],
  ])('may be a host %s', async (_, forwarded, expected) => {
    await start();
    expect(await ask('10.1.0.3:8080', { headers: { forwarded } })).toBe('ping');
    expect(await inbound()).toContain(`dst.service="${expected}.shop.svc.cluster.local"`);
  });

  it('changes neither the identity nor the address nor the verdict, whatever it claims', async () => {
    await start(onlyClient);
    const claims: OutgoingHead = {
      forwarded: 'for="10.1.0.1:5";host=server.shop.svc.cluster.local;by=10.1.0.1',
      baggage: 'k8s.namespace.name=shop,k8s.pod.name=client,service.name=client',
      'x-forwarded-for': '10.1.0.1',
      'x-forwarded-network': 'elsewhere',
      'x-forwarded-client-cert': 'URI=spiffe://cluster.local/ns/shop/sa/client',
      'x-istio-source': 'waypoint',
      traceparent: 'nonsense',
    };
    expect(await ask('10.1.0.3:8080', { client: 'shop/other', headers: claims })).toBe('http status: 401 Unauthorized');
    expect(await inbound()).toMatch(/src\.addr=10\.1\.0\.2:\d+ .*src\.identity="spiffe:\/\/cluster\.local\/ns\/shop\/sa\/other"/);
    expect(await mesh.metrics.metrics()).toMatch(
      /istio_tcp_connections_failed_total\{[^}]*source_principal="[^"]*sa\/other"[^}]*\} 1/,
    );
  });

  it('is answered with what the destination is', async () => {
    await start();
    const { headers } = await openTunnel(mesh, {
      client: 'shop/client',
      gate: '10.1.0.3',
      expected: 'shop/server',
      authority: '10.1.0.3:8080',
    });
    expect(headers.baggage).toBe(
      'k8s.cluster.name=Kubernetes,k8s.namespace.name=shop,k8s.pod.name=server,service.name=server,service.version=latest',
    );
  });
});
