import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { clientTlsOptions } from '../../src/identity/tls-options.js';
import { ask, L7Mesh, runHttp, waypoint } from '../l7/l7-mesh.js';
import { readAll, readSome, untilTrue } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { identityOf, openTunnel } from '../support/open-tunnel.js';

const eastWest = (more = '') => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: istio-gateways, name: eastwest, labels: { topology.istio.io/network: east } }
spec:
  gatewayClassName: istio-east-west
  listeners: [{ name: mesh, port: 15008, protocol: HBONE, tls: { mode: Terminate } }]
${more}
`;
const root = `
apiVersion: v1
kind: Namespace
metadata: { name: istio-system, labels: { topology.istio.io/network: west } }
`;
const far = (name: string, address: string, ports: readonly number[] = [8080], app = name) =>
  pod('shop', name, { address, ports, labels: `, topology.istio.io/network: east, role: ${app}` });
const service = (labels: string, ports = '[{ name: tcp, port: 80, targetPort: 8080 }]') => `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: { ${labels} } }
spec:
  clusterIP: 10.2.0.1
  selector: { role: server }
  ports: ${ports}
`;
const global = 'istio.io/global: "true"';
const base = [
  root,
  ambientNamespace('shop'),
  ambientNamespace('istio-gateways'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  far('server', '10.3.0.3'),
  eastWest(),
];
const onlyClient = policy(
  'shop',
  'only-client',
  '{ selector: { matchLabels: { role: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }',
);
const fromGateway = 'principals: [cluster.local/ns/istio-gateways/sa/eastwest-istio-east-west]';
const gatewayAccount = 'istio-gateways/eastwest-istio-east-west';

let mesh: L7Mesh;
afterEach(() => mesh.stop());

/** Starts a mesh whose servers say who they are. */
async function start(...manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start([...base, ...manifests], async (made) => {
    await made.run('shop/server', 8080, answering('server'));
    await made.run('shop/server-2', 8080, answering('server-2'));
    await made.run('shop/near', 8080, answering('near'));
  });
}

function answering(name: string): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', (chunk: Buffer) => socket.write(`${name}: ${chunk}`));
    socket.on('end', () => socket.end());
  };
}

async function talk(workload: string): Promise<string> {
  const socket = await mesh.mesh.connectAs(workload, 'server.shop', 80);
  const answer = readAll(socket).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  socket.end('hello');
  return answer;
}

const gatewayAddress = () =>
  mesh.mesh.addresses.policyAddress(mesh.gate('istio-gateways/eastwest').status().listeners[0]?.address ?? '');

describe('a service in another network', () => {
  it('is reached by HBONE inside HBONE, and judged where it is by the identity of the client', async () => {
    await start(service(global), onlyClient);
    expect(await talk('shop/client')).toBe('server: hello');
    expect(await talk('shop/other')).toBe('ECONNRESET');

    const gateway = gatewayAddress();
    const authority = 'server.shop.svc.cluster.local:80';
    const outbound = await mesh.mesh.logged('direction="outbound"', 'src.workload="client"');
    expect(outbound).toContain(
      `dst.addr=${gateway}:15008 dst.hbone_addr=${authority} dst.service="server.shop.svc.cluster.local"`,
    );
    const crossing = await mesh.logged('direction="inbound"', 'src.workload="client"');
    expect(crossing).toContain(`dst.addr=10.3.0.3:15008 dst.hbone_addr=${authority}`);
    for (const line of [outbound, crossing]) expect(line).not.toContain('error=');
    const inbound = await mesh.mesh.logged('direction="inbound"', `src.identity="${identityOf('shop/client')}"`);
    expect(inbound).toMatch(
      new RegExp(`src\\.addr=${gateway.replaceAll('.', '\\.')}:\\d+ src\\.workload="client" src\\.namespace="shop"`),
    );
    expect(await mesh.mesh.logged('direction="inbound"', identityOf('shop/other'))).toContain(
      'error="connection closed due to policy',
    );
  });

  it('sees the address of the gateway, and never its identity', async () => {
    await start(
      service(global),
      policy(
        'shop',
        'by-address',
        `{ rules: [{ from: [{ source: { ipBlocks: [10.1.0.1] } }] }, { from: [{ source: { ${fromGateway} } }] }] }`,
      ),
    );
    expect(await talk('shop/client')).toBe('ECONNRESET');
    await mesh.change([
      ...base,
      service(global),
      policy('shop', 'by-address', `{ rules: [{ from: [{ source: { ipBlocks: ["${gatewayAddress()}"] } }] }] }`),
    ]);
    expect(await talk('shop/client')).toBe('server: hello');
  });

  it('answers by its endpoints in turn, in both networks', async () => {
    await start(
      service(global),
      far('server-2', '10.3.0.4', [8080], 'server'),
      pod('shop', 'near', { address: '10.1.0.3', ports: [8080], labels: ', role: server' }),
    );
    const answers = new Set<string>();
    for (let count = 0; count < 6; count++) answers.add(await talk('shop/client'));
    expect([...answers].sort()).toEqual(['near: hello', 'server-2: hello', 'server: hello']);
  });

  it.each([
    ['it is not global', () => [service('')]],
    ['no gateway leads there', () => [service(global)].concat('no gateway')],
  ])('is not reached where %s', async (_, manifests) => {
    const given = manifests();
    mesh = await L7Mesh.start(
      [
        ...base.filter((text) => !(given.includes('no gateway') && text.includes('istio-east-west'))),
        ...given.filter((text) => text !== 'no gateway'),
      ],
      (made) => made.run('shop/server', 8080, answering('server')),
    );
    expect(await talk('shop/client')).toBe('ECONNRESET');
    expect(await mesh.mesh.logged('direction="outbound"')).toContain('has no ready endpoint');
  });

  it('is not reached by the address of its pod', async () => {
    await start(service(global));
    await expect(readAll((await mesh.mesh.connectAs('shop/client', '10.3.0.3', 8080)).end('x'))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });

  it('keeps a connection through changes that allow it, and loses one that they do not', async () => {
    await start(service(global));
    const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
    socket.write('a');
    expect(await readSome(socket)).toBe('server: a');
    await mesh.change([...base, service(global), onlyClient]);
    socket.write('b');
    expect(await readSome(socket)).toBe('server: b');
    const cut = readAll(socket);
    await mesh.change([...base, service(''), onlyClient]);
    await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
    await untilTrue(() => mesh.gate('istio-gateways/eastwest').status().openConnections === 0);
    await untilTrue(() => mesh.mesh.destination.status().openConnections === 0);
  });

  it('loses a connection whose identity is revoked, which the gateway between cannot see', async () => {
    await start(service(global));
    const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
    socket.write('a');
    await readSome(socket);
    const cut = readAll(socket);
    const server = await mesh.mesh.authority.fetch(identityOf('shop/server'));
    mesh.mesh.lists.put(await mesh.mesh.authority.list([server]));
    await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await mesh.mesh.logged('direction="outbound"', 'error=')).toContain('revoked');
  });

  it('is not spoken to where whoever ends the tunnel inside is somebody else', async () => {
    await start(service(global));
    const liar = await mesh.mesh.authority.issue(identityOf('shop/liar'));
    mesh.mesh.authority.put({ ...liar, identity: identityOf('shop/server') });
    expect(await talk('shop/client')).toBe('ECONNRESET');
    expect(await mesh.mesh.logged('direction="outbound"', 'error=')).toContain('server identity refused');
  });
});

describe('an east-west gateway', () => {
  const tunnel = (authority: string, client = 'shop/client', headers = {}) =>
    openTunnel(mesh.mesh, { client, gate: gatewayAddress(), expected: gatewayAccount, authority, headers });

  it.each([
    ['server.shop.svc.cluster.local:81', 503],
    ['private.shop.svc.cluster.local:80', 400],
    ['nothing.shop.svc.cluster.local:80', 400],
    ['10.2.0.1:80', 400],
    ['10.3.0.3:8080', 400],
    ['eastwest-istio-east-west.istio-gateways.svc.cluster.local:15008', 400],
    ['server.shop.svc.cluster.local', 400],
  ])('answers %s with %i', async (authority, status) => {
    await start(service(global), service('').replace('name: server', 'name: private').replace('10.2.0.1', '10.2.0.2'));
    await expect(tunnel(authority)).rejects.toMatchObject({ status });
  });

  it('passes on what is no tunnel to a gate that refuses it', async () => {
    await start(service(global));
    const { stream } = await tunnel('server.shop.svc.cluster.local:80');
    stream.write('GET / HTTP/1.1\r\nHost: server.shop\r\n\r\n');
    await readAll(stream).catch(() => undefined);
    expect(await mesh.mesh.logged('connection failed', 'direction="inbound"')).toContain('TLS handshake');
    expect(mesh.mesh.log.some((line) => line.includes('connection complete'))).toBe(false);
  });

  it('lets nobody be somebody else in the tunnel inside', async () => {
    await start(service(global), onlyClient);
    const { stream } = await tunnel('server.shop.svc.cluster.local:80', 'shop/client');
    const credentials = await mesh.mesh.authority.issue(identityOf('shop/client'), { names: [{ type: 'dns', value: 'client' }] });
    const expected = { identities: [identityOf('shop/server')], trustDomains: ['cluster.local'] };
    const secure = connectTls({
      ...clientTlsOptions({ ...credentials, bundle: mesh.mesh.authority.bundle }, expected),
      socket: stream,
    });
    await readAll(secure).catch(() => undefined);
    expect(await mesh.mesh.logged('connection failed', 'direction="inbound"')).toContain('no URI subject alternative name');
  });
});

describe('a service in another network behind a waypoint', () => {
  const farWaypoint = waypoint('shop', 'gate').replace('labels: {', 'labels: { topology.istio.io/network: east,');
  const http = '[{ name: http, port: 80, targetPort: 8080 }]';
  const behind = service(`${global}, istio.io/use-waypoint: gate`, http);
  const readers = policy(
    'shop',
    'readers',
    `{ targetRefs: [{ kind: Service, group: "", name: server }],
       rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }], to: [{ operation: { methods: [GET] } }] }] }`,
  );
  let reached = 0;

  async function startHttp(...manifests: readonly string[]): Promise<void> {
    reached = 0;
    mesh = await L7Mesh.start([...base, readers, ...manifests], (made) =>
      runHttp(made, 'shop/server', 8080, (incoming, response) => {
        reached += 1;
        incoming.resume();
        incoming.on('end', () => response.end('reached'));
      }),
    );
  }

  const request = async (workload: string, method = 'GET') =>
    (await ask(await mesh.mesh.connectAs(workload, 'server.shop', 80), { method })).status;

  it('is judged by that waypoint in its network', async () => {
    await startHttp(behind, farWaypoint);
    expect(await request('shop/client')).toBe(200);
    expect(await request('shop/client', 'POST')).toBe(403);
    expect(await request('shop/other')).toBe(403);
    expect(reached).toBe(1);
    expect(await mesh.mesh.logged('direction="inbound"')).toContain(`src.identity="${identityOf('shop/gate')}"`);
  });

  it('is judged by its canary there where that has a share', async () => {
    const farCanary = farWaypoint.replace('name: gate', 'name: next');
    const split = (weight: string) =>
      behind.replace(
        'labels: {',
        `annotations: { istio.io/use-waypoint-canary-weight: "${weight}" }, labels: { istio.io/use-waypoint-canary: next,`,
      );
    const closedAtGate = policy(
      'shop',
      'closed',
      '{ action: DENY, targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gate }], rules: [{}] }',
    );
    await startHttp(split('100'), farWaypoint, farCanary, closedAtGate);
    for (let count = 0; count < 5; count++) expect(await request('shop/client')).toBe(200);
    expect(await request('shop/other')).toBe(403);
    await mesh.change([...base, readers, split('50'), farWaypoint, farCanary, closedAtGate]);
    const seen = new Set<number>();
    for (let count = 0; count < 64; count++) seen.add(await request('shop/client'));
    expect(seen).toEqual(new Set([200, 403]));
  });

  it('is judged by a waypoint in the network of the client, which goes on through the gateway', async () => {
    await startHttp(behind, waypoint('shop', 'gate'));
    expect(await request('shop/client')).toBe(200);
    expect(await request('shop/other')).toBe(403);
    expect(reached).toBe(1);
    const crossing = await mesh.logged('connection complete', identityOf('shop/gate'));
    expect(crossing).toContain('dst.addr=10.3.0.3:15008');
  });

  it.each(['waypoint', 'gateway', 'waypoint, waypoint'])(
    'is not reached past it by a client that says to be a %s',
    async (claim) => {
      for (const gate of [farWaypoint, waypoint('shop', 'gate')]) {
        await startHttp(behind, gate);
        const opening = openTunnel(mesh.mesh, {
          client: 'shop/client',
          gate: gatewayAddress(),
          expected: gatewayAccount,
          authority: 'server.shop.svc.cluster.local:80',
          headers: { 'x-istio-source': claim },
        });
        if (gate === farWaypoint) {
          const { stream } = await opening;
          const credentials = await mesh.mesh.authority.fetch(identityOf('shop/client'));
          const expected = { identities: [identityOf('shop/server')], trustDomains: ['cluster.local'] };
          const secure = connectTls({ ...clientTlsOptions(credentials, expected), socket: stream });
          const [error] = await new Promise<[Error]>((resolve) => secure.once('error', (cause: Error) => resolve([cause])));
          expect(error.message).toContain(`\`${identityOf('shop/gate')}\` is not`);
          await mesh.stop();
        } else {
          await expect(opening).rejects.toMatchObject({ status: 503 });
        }
      }
    },
  );
});
