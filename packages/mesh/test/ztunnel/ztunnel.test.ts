import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closed, readAll, readSome, untilTrue } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service, strictMtls } from '../support/manifests.js';
import { startStuckListener } from '../support/stuck-listener.js';
import { TestMesh } from '../support/test-mesh.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
];
const onlyClient = policy(
  'shop',
  'only-client',
  '{ rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }',
);
const denyClient = policy(
  'shop',
  'deny-client',
  '{ action: DENY, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }',
);

let mesh: TestMesh;
afterEach(() => mesh.stop());

/** Starts a mesh whose server echoes. */
async function start(manifests: readonly string[]): Promise<void> {
  mesh = await TestMesh.start(manifests, (made) => made.run('shop/server', 8080, echo));
}

function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** What a client gets back for a few bytes: the same, or the code of the error. */
async function ask(socket: Socket): Promise<string> {
  const answer = readAll(socket).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  socket.end('ping');
  return answer;
}

describe('two ztunnels', () => {
  it('carry a connection, and log it at both ends under the names of the mesh', async () => {
    await start(base);
    expect(await ask(await mesh.connectAs('shop/client', 'server.shop', 80))).toBe('ping');
    const inbound = await mesh.logged('connection complete', 'direction="inbound"');
    expect(inbound).toMatch(
      /^\S+Z\tinfo\taccess\tconnection complete\tsrc\.addr=10\.1\.0\.1:\d+ src\.workload="client" src\.namespace="shop" src\.identity="spiffe:\/\/cluster\.local\/ns\/shop\/sa\/client" src\.cluster="Kubernetes" dst\.addr=10\.1\.0\.3:15008 dst\.hbone_addr=10\.1\.0\.3:8080 dst\.service="server\.shop\.svc\.cluster\.local" dst\.workload="server" dst\.namespace="shop" dst\.identity="spiffe:\/\/cluster\.local\/ns\/shop\/sa\/server" dst\.cluster="Kubernetes" direction="inbound" bytes_sent=4 bytes_recv=4 duration="\d+ms"$/,
    );
    const outbound = await mesh.logged('connection complete', 'direction="outbound"');
    expect(outbound).toContain('dst.addr=10.1.0.3:15008 dst.hbone_addr=10.1.0.3:8080');
  });

  it('reach a pod by its own address', async () => {
    await start(base);
    expect(await ask(await mesh.connectAs('shop/client', '10.1.0.3', 8080))).toBe('ping');
  });

  it('admit whom the policy admits and reset whom it does not', async () => {
    await start([...base, onlyClient]);
    expect(await ask(await mesh.connectAs('shop/client', 'server', 80))).toBe('ping');
    expect(await ask(await mesh.connectAs('shop/other', 'server', 80))).toBe('ECONNRESET');
    const inbound = await mesh.logged('direction="inbound"', 'src.workload="other"');
    expect(inbound).toContain('\terror\taccess\tconnection complete\t');
    expect(inbound).toMatch(
      /error="connection closed due to policy rejection: allow policies exist, but none allowed" reason="no-allow-match" unmatched="shop\/only-client mesh\.yaml:\d+:\d+"$/,
    );
    expect(await mesh.logged('direction="outbound"', 'src.workload="other"')).toContain('error="http status: 401 Unauthorized"');
  });

  it('name the policy, rule and place of an explicit denial', async () => {
    await start([...base, denyClient]);
    expect(await ask(await mesh.connectAs('shop/client', 'server', 80))).toBe('ECONNRESET');
    expect(await mesh.logged('direction="inbound"')).toMatch(
      /error="connection closed due to policy rejection: explicitly denied by: shop\/deny-client" reason="deny-policy" policy="AuthorizationPolicy\/shop\/deny-client" rule=0 place="mesh\.yaml:\d+:\d+"$/,
    );
    expect(await mesh.metrics.metrics()).toMatch(
      /sallyport_decisions_total\{gate="ztunnel",effect="deny",reason="deny-policy",kind="AuthorizationPolicy",policy="shop\/deny-client",rule="0"\} 1/,
    );
  });

  it('reset a refused client that sends nothing, too', async () => {
    await start([...base, denyClient]);
    const socket = await mesh.connectAs('shop/client', 'server', 80);
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('count connections and bytes at both reporters', async () => {
    await start(base);
    await ask(await mesh.connectAs('shop/client', 'server', 80));
    await mesh.logged('direction="outbound"');
    await mesh.logged('direction="inbound"');
    const text = await mesh.metrics.metrics();
    for (const reporter of ['source', 'destination']) {
      const labels = `\\{reporter="${reporter}",source_workload="client",[^}]*destination_service_name="[^"]*",destination_workload="server"[^}]*response_flags="-",connection_security_policy="mutual_tls"[^}]*\\}`;
      expect(text).toMatch(new RegExp(`istio_tcp_connections_opened_total${labels} 1`));
      expect(text).toMatch(new RegExp(`istio_tcp_connections_closed_total${labels} 1`));
      expect(text).toMatch(new RegExp(`istio_tcp_received_bytes_total${labels} 4`));
    }
    for (const reporter of ['source', 'destination']) expect(text).toContain(`istio_tcp_sockets_open{reporter="${reporter}"} 0`);
    expect(text).toContain('istio_active_proxy_count 3');
  });

  it('reset a client whose target is not known, at any step', async () => {
    await start(base);
    for (const [host, port] of [
      ['nothing.shop', 80],
      ['server', 81],
      ['10.1.0.3', 15008],
      ['127.0.0.1', 80],
    ] as const) {
      expect(await ask(await mesh.connectAs('shop/client', host, port))).toBe('ECONNRESET');
    }
  });

  it('end with 503 where nothing runs the application', async () => {
    mesh = await TestMesh.start(base);
    expect(await ask(await mesh.connectAs('shop/client', 'server', 80))).toBe('ECONNRESET');
    expect(await mesh.logged('direction="outbound"')).toContain('error="http status: 503 Service Unavailable"');
  });

  it('take turns among the ready endpoints of a service', async () => {
    const second = pod('shop', 'server-2', { address: '10.1.0.4', ports: [8080] }).replace('app: server-2', 'app: server');
    mesh = await TestMesh.start([...base, second], async (made) => {
      await made.run('shop/server', 8080, (socket) => socket.end('1'));
      await made.run('shop/server-2', 8080, (socket) => socket.end('2'));
    });
    const answers: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) answers.push(await ask(await mesh.connectAs('shop/client', 'server', 80)));
    expect(answers.sort()).toEqual(['1', '1', '2', '2']);
  });
});

describe('plaintext at a destination ztunnel', () => {
  async function dial(): Promise<Socket> {
    const address = mesh.addresses.socketAddress('10.1.0.3');
    const socket = connect({ host: address, port: 8080, allowHalfOpen: true });
    mesh.onStop(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  it('has no identity and is admitted where no policy asks for one', async () => {
    await start(base);
    expect(await ask(await dial())).toBe('ping');
    const line = await mesh.logged('direction="inbound"');
    expect(line).not.toContain('src.identity');
    expect(line).not.toContain('dst.hbone_addr');
    expect(line).toContain('dst.addr=10.1.0.3:8080');
  });

  it('is reset where a policy names identities', async () => {
    await start([...base, onlyClient]);
    expect(await ask(await dial())).toBe('ECONNRESET');
  });

  it('is reset where mutual TLS is required, and the log says so', async () => {
    await start([...base, strictMtls('shop')]);
    expect(await ask(await dial())).toBe('ECONNRESET');
    expect(await mesh.logged('direction="inbound"')).toContain('reason="mtls-required" policy="PeerAuthentication/shop/default"');
    expect(await ask(await mesh.connectAs('shop/client', 'server', 80))).toBe('ping');
  });

  it('is what a workload without a ztunnel sends, and gets', async () => {
    const outside = pod('plain', 'legacy', { address: '10.1.0.9', ports: [7070] });
    mesh = await TestMesh.start([...base, outside], async (made) => {
      await made.run('shop/server', 8080, echo);
      made.addresses.cover({ workloads: new Map([['x', { address: '10.1.0.9' }]]) } as never);
      await made.run('plain/legacy', 7070, echo, made.addresses.socketAddress('10.1.0.9'));
    });
    expect(await ask(await mesh.connectAs('plain/legacy', 'server.shop', 80))).toBe('ping');
    expect(await mesh.logged('direction="inbound"')).toContain('src.addr=10.1.0.9:');
    expect(await ask(await mesh.connectAs('shop/client', '10.1.0.9', 7070))).toBe('ping');
    await mesh.change([...base, outside, strictMtls('shop')]);
    expect(await ask(await mesh.connectAs('plain/legacy', 'server.shop', 80))).toBe('ECONNRESET');
  });
});

describe('a change of policy', () => {
  async function open(workload: string): Promise<Socket> {
    const socket = await mesh.connectAs(workload, 'server', 80);
    socket.write('one');
    expect(await readSome(socket)).toBe('one');
    return socket;
  }

  it('resets the connections that it no longer allows, and the others do not notice', async () => {
    await start(base);
    const denied = await open('shop/client');
    const allowed = await open('shop/other');
    const ended = readAll(denied);
    ended.catch(() => undefined);
    await mesh.change([...base, denyClient]);
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
    allowed.write('two');
    expect(await readSome(allowed)).toBe('two');
    const line = await mesh.logged('direction="inbound"', 'src.workload="client"');
    expect(line).toContain(
      'error="connection closed due to policy change" reason="deny-policy" policy="AuthorizationPolicy/shop/deny-client"',
    );
  });

  it('for the whole mesh resets tunnels and plaintext alike, and finds none that has ended by itself', async () => {
    await start(base);
    expect(await ask(await mesh.connectAs('shop/other', 'server', 80))).toBe('ping');
    const plain = connect({ host: mesh.addresses.socketAddress('10.1.0.3'), port: 8080, allowHalfOpen: true });
    mesh.onStop(() => plain.destroy());
    plain.write('one');
    expect(await readSome(plain)).toBe('one');
    const tunnelled = await open('shop/client');
    await untilTrue(() => mesh.destination.status().openConnections === 2);
    const ended = [closed(plain), closed(tunnelled)];
    await mesh.change([...base, policy('istio-system', 'allow-nothing', '{}')]);
    await Promise.all(ended);
    await untilTrue(() => mesh.destination.status().openConnections === 0);
    const cut = mesh.log.filter((line) => line.includes('direction="inbound"') && line.includes('due to policy change'));
    expect(cut).toHaveLength(2);
  });

  it('resets connections of a pod whose labels come under a policy', async () => {
    const labelled = policy('shop', 'locked', '{ selector: { matchLabels: { tier: locked } }, rules: [] }');
    await start([...base, labelled]);
    const socket = await open('shop/client');
    const ended = closed(socket);
    await mesh.change([...base.map((text) => text.replace('app: server }', 'app: server, tier: locked }')), labelled]);
    await ended;
  });

  it('resets connections of a workload that has gone, and closes its listeners', async () => {
    await start(base);
    const ended = closed(await open('shop/client'));
    await mesh.change(base.filter((text) => !text.includes('name: server')));
    await ended;
    expect(mesh.destination.status().listeners.some(({ workload }) => workload === 'shop/server')).toBe(false);
  });

  it('catches a connection whose application is still being dialled', async () => {
    mesh = await TestMesh.start(base);
    const address = mesh.addresses.fresh();
    mesh.onStop(await startStuckListener(address, 8080));
    mesh.addresses.runAt('shop/server', address);
    const socket = await mesh.connectAs('shop/client', 'server', 80);
    const ended = readAll(socket);
    ended.catch(() => undefined);
    await untilTrue(() => mesh.destination.status().openConnections === 1);
    await mesh.change([...base, denyClient]);
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
    const inbound = await mesh.logged('direction="inbound"');
    expect(inbound).toContain('bytes_sent=0 bytes_recv=0');
    expect(inbound).toContain('error="connection closed due to policy change" reason="deny-policy"');
    expect(await mesh.logged('direction="outbound"')).toContain('error="http status: 401 Unauthorized"');
    expect(mesh.destination.status().openConnections).toBe(0);
  });

  it('gives up the application when the client has gone', async () => {
    mesh = await TestMesh.start(base);
    const address = mesh.addresses.fresh();
    mesh.onStop(await startStuckListener(address, 8080));
    mesh.addresses.runAt('shop/server', address);
    const socket = await mesh.connectAs('shop/client', 'server', 80);
    await untilTrue(() => mesh.destination.status().openConnections === 1);
    socket.resetAndDestroy();
    await untilTrue(() => mesh.source.status().openConnections === 0 && mesh.destination.status().openConnections === 0);
  });

  it('resets a direct connection when its service gets a waypoint', async () => {
    await start(base);
    const ended = closed(await open('shop/client'));
    const waypoint = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: waypoint, labels: { istio.io/waypoint-for: service } }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
`;
    const named = base.map((text) =>
      text.replace(
        'kind: Service\nmetadata: { namespace: shop, name: server }',
        'kind: Service\nmetadata: { namespace: shop, name: server, labels: { istio.io/use-waypoint: waypoint } }',
      ),
    );
    await mesh.change([...named, waypoint]);
    await ended;
    expect(await mesh.logged('direction="outbound"')).toContain('error="connection closed due to policy change"');
  });
});
