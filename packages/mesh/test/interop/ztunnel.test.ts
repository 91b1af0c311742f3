import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
// Compiled, as what it starts is a program beside it.
import { LoadMaker } from '../../../../bench/dist/wire/load/load-maker.js';
import type { DialTarget } from '../../../../bench/src/wire/load/dial.js';
import { ChildProgram } from '../../../../bench/src/wire/path/child-program.js';
import type { Gate } from '../../src/gate.js';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { identityOf } from '../support/open-tunnel.js';
import { inventoryOf, password, TestMesh } from '../support/test-mesh.js';
import {
  OtherSide,
  ours,
  placeOnWire,
  RealZtunnel,
  theirs,
  type ZtunnelState,
  ztunnelAdmits,
  ztunnelWorkload,
} from './real-ztunnel.js';

const binary = process.env.SALLYPORT_ZTUNNEL;
const vip = '10.2.0.1';
const hostname = 'server.shop.svc.cluster.local';
const url = `http://${hostname}/`;
const endpoint = { services: { [`shop/${hostname}`]: { 80: 8080 } } };
const principal = (account: string) => identityOf(account).replace('spiffe://', '');
const admits = (account: string) =>
  policy(
    'shop',
    'admits',
    `{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: ["${principal(account)}"] } }] }] }`,
  );
const httpPorts = '[{ name: http, port: 80, targetPort: 8080 }]';
const readers = policy(
  'shop',
  'readers',
  `{ targetRefs: [{ kind: Service, group: "", name: server }],
     rules: [{ from: [{ source: { principals: ["${principal('shop/client')}"] } }], to: [{ operation: { methods: [GET] } }] }] }`,
);
const west = `
apiVersion: v1
kind: Namespace
metadata: { name: istio-system, labels: { topology.istio.io/network: west } }
`;
const east = ', topology.istio.io/network: east';
const eastWest = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: istio-gateways, name: eastwest, labels: { topology.istio.io/network: east } }
spec:
  gatewayClassName: istio-east-west
  listeners: [{ name: mesh, port: 15008, protocol: HBONE, tls: { mode: Terminate } }]
`;
const eastWestAccount = 'eastwest-istio-east-west';
const globally = (manifest: string, labels = 'istio.io/global: "true"') =>
  manifest.replace('name: server', `name: server, labels: { ${labels} }`);

const echoServer = fileURLToPath(new URL('../../../../bench/dist/programs/echo-server.js', import.meta.url));
/** A command needs no help to run here. */
const here: readonly string[] = [];

const cleanups: (() => Promise<void>)[] = [];
let there: OtherSide;
/** Called when our application is asked for what it never answers. */
let onSilence: () => void = () => undefined;

describe.skipIf(binary === undefined)('a real ztunnel (its path in SALLYPORT_ZTUNNEL)', () => {
  beforeAll(async () => {
    there = await OtherSide.open();
  });
  afterAll(() => there?.stop());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  describe('as a client', () => {
    const server = pod('shop', 'server', { address: ours(10), ports: [8080] });
    const client = ztunnelWorkload('shop/client', theirs);

    describe('of a ztunnel of ours', () => {
      const manifests = [ambientNamespace('shop'), server, service('shop', 'server', vip, 80, 8080)];
      const state = {
        workloads: [client, ztunnelWorkload('shop/server', ours(10), endpoint)],
        services: [{ name: 'server', namespace: 'shop', hostname, vips: [`/${vip}`], ports: { 80: 8080 } }],
      };

      it('is admitted and refused by the certificate that it shows', async () => {
        const mesh = await startMesh([...manifests, admits('shop/client')]);
        const real = await startReal(mesh, 'shop/client', state);
        expect(await there.curl(url)).toBe('here: GET /');
        expect(await there.curl(`http://${ours(10)}:8080/pod`)).toBe('here: GET /pod');
        const inbound = await mesh.logged('connection complete', 'direction="inbound"', identityOf('shop/client'));
        expect(inbound).toContain(`dst.hbone_addr=${ours(10)}:8080 dst.service="${hostname}"`);
        expect(await real.logged('connection complete', 'direction="outbound"')).not.toContain('error=');

        await mesh.change([...manifests, admits('shop/other')]);
        expect(await there.curl(url)).toContain('curl: (');
        expect(await mesh.logged('policy rejection', identityOf('shop/client'))).toContain('direction="inbound"');
        expect(await real.logged('error=')).toContain('401 Unauthorized');
      });

      it('is served by many tunnels at once, each ended one way after the other, with all of their bytes', async () => {
        const mesh = await TestMesh.start(manifests, async (made) => {
          placeOnWire(made, manifests);
          const address = made.addresses.fresh();
          made.addresses.runAt('shop/server', address);
          await startApplication(here, address);
        });
        cleanups.push(() => mesh.stop());
        await startReal(mesh, 'shop/client', state);
        const socks = { host: '127.0.0.1', port: 15080 };
        await exchangeMuch(there.namespace.entry, { host: hostname, port: 80, through: socks });
      });

      it('finds it again after its listener has gone and come back', async () => {
        const mesh = await startMesh(manifests);
        await startReal(mesh, 'shop/client', state);
        expect(await there.curl(url)).toBe('here: GET /');
        await mesh.change(manifests.filter((text) => text !== server));
        expect(await there.curl(url)).toContain('curl: (');
        await mesh.change(manifests);
        expect(await there.curl(url)).toBe('here: GET /');
      });

      it('loses what policy does not allow any more, and is told so', async () => {
        const mesh = await startMesh([...manifests, admits('shop/client')]);
        const real = await startReal(mesh, 'shop/client', state);
        const asked = new Promise<void>((resolve) => {
          onSilence = resolve;
        });
        const waiting = there.curl(`${url}silence`);
        await asked;
        await mesh.change([...manifests, admits('shop/other')]);
        expect(await waiting).toContain('curl: (');
        expect(await mesh.logged('direction="inbound"', 'error=')).toContain('policy');
        expect(await real.logged('error=')).toContain('direction="outbound"');
      });
    });

    it('of a waypoint of ours is judged by what it asks for', async () => {
      const manifests = [
        ambientNamespace('shop'),
        server,
        servedBy('gate', 'shop', 'server', vip, httpPorts),
        waypoint('shop', 'gate'),
        readers,
        admits('shop/gate'),
      ];
      const l7 = await startL7(manifests);
      const gate = socketOf(l7, 'shop/gate');
      const real = await startReal(l7.mesh, 'shop/client', {
        workloads: [client, ztunnelWorkload('shop/server', ours(10), endpoint), ztunnelWorkload('shop/gate', gate)],
        services: [
          {
            ...{ name: 'server', namespace: 'shop', hostname, vips: [`/${vip}`], ports: { 80: 8080 } },
            waypoint: { destination: `/${gate}`, hboneMtlsPort: 15008 },
          },
        ],
      });
      expect(await there.curl(url)).toBe('here: GET /');
      expect(await there.curl('-d', 'x', url)).toBe('RBAC: access denied');
      // Not by way of the waypoint, which alone is admitted.
      expect(await there.curl(`http://${ours(10)}:8080/`)).toContain('curl: (');
      expect(await real.logged('error=')).toContain('401 Unauthorized');
      expect(await l7.mesh.logged('connection complete', 'direction="inbound"', identityOf('shop/gate'))).not.toContain('error=');
    });

    describe('in another network, through an east-west gateway of ours,', () => {
      const far = pod('shop', 'server', { address: ours(10), ports: [8080], labels: east });
      const base = [west, ambientNamespace('shop'), ambientNamespace('istio-gateways'), far, eastWest];
      const stateOf = (l7: L7Mesh, behindWaypoint = false) => {
        const gateway = socketOf(l7, 'istio-gateways/eastwest');
        const remote = {
          workloadIps: [],
          network: 'east',
          networkGateway: { destination: `east/${gateway}`, hboneMtlsPort: 15008 },
        };
        const gate = 'gate.shop.svc.cluster.local';
        // Who ends the tunnel inside has to prove to be one of these, and nobody else.
        const sans = (name: string) => ({ subjectAltNames: [identityOf(`shop/${name}`)] });
        const behind = !behindWaypoint ? {} : { waypoint: { destination: `shop/${gate}`, hboneMtlsPort: 15008 } };
        return {
          workloads: [
            ztunnelWorkload('shop/client', theirs, { network: 'west' }),
            ztunnelWorkload('shop/server', '', { ...endpoint, ...remote }),
            ztunnelWorkload('shop/gate', '', { services: { [`shop/${gate}`]: { 15008: 15008 } }, ...remote }),
            ztunnelWorkload('istio-gateways/eastwest', gateway, { network: 'east', serviceAccount: eastWestAccount }),
          ],
          services: [
            {
              name: 'server',
              namespace: 'shop',
              hostname,
              vips: [`west/${vip}`],
              ports: { 80: 8080 },
              ...sans('server'),
              ...behind,
            },
            {
              name: 'gate',
              namespace: 'shop',
              hostname: gate,
              vips: ['west/10.2.0.9'],
              ports: { 15008: 15008 },
              ...sans('gate'),
            },
          ],
        };
      };
      const inWest = { NETWORK: 'west' };

      it('is judged where it goes, by its own identity', async () => {
        const manifests = [...base, globally(service('shop', 'server', vip, 80, 8080))];
        const l7 = await startL7([...manifests, admits('shop/client')]);
        const real = await startReal(l7.mesh, 'shop/client', stateOf(l7), inWest);
        expect(await there.curl(url)).toBe('here: GET /');
        expect(await l7.mesh.logged('connection complete', 'direction="inbound"', identityOf('shop/client'))).toContain(
          `src.addr=${l7.mesh.addresses.policyAddress(socketOf(l7, 'istio-gateways/eastwest'))}`,
        );

        await l7.change([...manifests, admits('shop/other')]);
        expect(await there.curl(url)).toContain('curl: (');
        expect(await l7.mesh.logged('policy rejection')).toContain(identityOf('shop/client'));
        expect(await real.logged('error=')).toContain('401 Unauthorized');
      });

      it('is judged by the waypoint there', async () => {
        const l7 = await startL7([
          ...base,
          globally(service('shop', 'server', vip, 80, 8080), 'istio.io/global: "true", istio.io/use-waypoint: gate').replace(
            'name: tcp',
            'name: http',
          ),
          waypoint('shop', 'gate').replace('labels: {', 'labels: { topology.istio.io/network: east,'),
          readers,
          admits('shop/gate'),
        ]);
        await startReal(l7.mesh, 'shop/client', stateOf(l7, true), inWest);
        expect(await there.curl(url)).toBe('here: GET /');
        expect(await there.curl('-d', 'x', url)).toBe('RBAC: access denied');
      });
    });
  });

  describe('as a server', () => {
    const clients = [
      ambientNamespace('shop'),
      pod('shop', 'client', { address: ours(11) }),
      pod('shop', 'other', { address: ours(12) }),
    ];
    const server = pod('shop', 'server', { address: theirs, ports: [8080] });
    const state = (account: string, network = '') => ({
      workloads: [ztunnelWorkload('shop/server', theirs, { ...endpoint, network })],
      services: [{ name: 'server', namespace: 'shop', hostname, vips: [`${network}/${vip}`], ports: { 80: 8080 } }],
      policies: [ztunnelAdmits('shop', principal(account))],
    });

    it('of a ztunnel of ours admits and refuses by the certificate that we show', async () => {
      const mesh = await startMesh(clients);
      const real = await startReal(mesh, 'shop/server', state('shop/client'));
      await serveThere();
      await putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
      const get = async (client: string, host: string, port: number) =>
        ask(await mesh.connectAs(client, host, port), { path: '/x' }).then(
          ({ body }) => body,
          () => 'refused',
        );
      expect(await get('shop/client', 'server.shop', 80)).toBe('there: GET /x');
      expect(await get('shop/client', theirs, 8080)).toBe('there: GET /x');
      expect(
        await real.logged('connection complete', 'direction="inbound"', `src.identity="${identityOf('shop/client')}"`),
      ).not.toContain('error=');
      const outbound = await mesh.logged('connection complete', 'direction="outbound"', 'src.workload="client"');
      expect(outbound).not.toContain('error=');

      expect(await get('shop/other', 'server.shop', 80)).toBe('refused');
      expect(await mesh.logged('direction="outbound"', 'src.workload="other"', 'error=')).toContain('401');
      expect(await real.logged('policy rejection')).toContain(identityOf('shop/other'));
    });

    it('of a ztunnel of ours ends many tunnels one way after the other, with all of their bytes', async () => {
      const mesh = await startMesh(clients);
      await startReal(mesh, 'shop/server', state('shop/client'));
      await startApplication(there.namespace.entry, theirs);
      await putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
      const socks = { host: mesh.socketOf('shop/client'), port: 15080, username: 'shop/client', password };
      await exchangeMuch(here, { host: 'server.shop', port: 80, through: socks });
    });

    it('may be stopped and started again, and the next connection of ours gets there', async () => {
      const mesh = await startMesh(clients);
      const first = await startReal(mesh, 'shop/server', state('shop/client'));
      await serveThere();
      await putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
      const get = async () => (await ask(await mesh.connectAs('shop/client', 'server.shop', 80))).body;
      expect(await get()).toBe('there: GET /');
      await first.stop();
      await expect(get()).rejects.toThrow();
      await startReal(mesh, 'shop/server', state('shop/client'));
      expect(await get()).toBe('there: GET /');
    });

    it('of a waypoint of ours admits it by its own certificate', async () => {
      const manifests = [...clients, waypoint('shop', 'gate'), readers];
      const l7 = await startL7(manifests);
      const real = await startReal(l7.mesh, 'shop/server', state('shop/gate'));
      await serveThere();
      const all = [...manifests, server, servedBy('gate', 'shop', 'server', vip, httpPorts)];
      await putAt([l7.mesh.source, l7.gate('shop/gate')], l7.mesh, all);
      const send = async (method: string) => {
        const answer = await ask(await l7.mesh.connectAs('shop/client', 'server.shop', 80), { method });
        return `${answer.status} ${answer.body}`;
      };
      expect(await send('GET')).toBe('200 there: GET /');
      expect(await send('POST')).toBe('403 RBAC: access denied');
      expect(await real.logged('connection complete', 'direction="inbound"', identityOf('shop/gate'))).not.toContain('error=');
    });

    it('in another network is reached through an east-west gateway of ours, and judges by who the client is', async () => {
      const manifests = [west, ...clients, ambientNamespace('istio-gateways'), eastWest];
      const l7 = await startL7(manifests);
      const real = await startReal(l7.mesh, 'shop/server', state('shop/client', 'east'), { NETWORK: 'east' });
      await serveThere();
      const far = pod('shop', 'server', { address: theirs, ports: [8080], labels: east });
      const all = [...manifests, far, globally(service('shop', 'server', vip, 80, 8080))];
      await putAt([l7.mesh.source, l7.gate('istio-gateways/eastwest')], l7.mesh, all);
      const answer = await ask(await l7.mesh.connectAs('shop/client', 'server.shop', 80));
      expect(answer.body).toBe('there: GET /');
      expect(await real.logged('connection complete', 'direction="inbound"', identityOf('shop/client'))).not.toContain('error=');
      await expect(ask(await l7.mesh.connectAs('shop/other', 'server.shop', 80))).rejects.toThrow();
      expect(await l7.mesh.logged('direction="outbound"', 'src.workload="other"', 'error=')).toContain('401');
      expect(await real.logged('policy rejection')).toContain(identityOf('shop/other'));
    });
  });
});

/** Both ztunnels of ours, with an application behind shop/server. */
async function startMesh(manifests: readonly string[]): Promise<TestMesh> {
  const mesh = await TestMesh.start(manifests, (made) => prepare(made, manifests));
  cleanups.push(() => mesh.stop());
  return mesh;
}

async function startL7(manifests: readonly string[]): Promise<L7Mesh> {
  const l7 = await L7Mesh.start(manifests, (made) => prepare(made, manifests));
  cleanups.push(() => l7.stop());
  return l7;
}

async function prepare(mesh: TestMesh, manifests: readonly string[]): Promise<void> {
  placeOnWire(mesh, manifests);
  await runHttp(mesh, 'shop/server', 8080, (request, response) => {
    if (request.url === '/silence') onSilence();
    else if (request.method === 'POST') request.pipe(response);
    else response.end(`here: ${request.method} ${request.url}`);
  });
}

/** The application of the benchmark, which echoes or swallows. */
async function startApplication(entry: readonly string[], address: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-ztunnel-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const log = { file: join(folder, 'application.log'), until: 'listening' };
  const command = [...entry, 'env', `HOST=${address}`, 'PORT=8080', process.execPath, echoServer];
  const application = await ChildProgram.startLogging('application', log, command);
  cleanups.push(() => application.stop());
}

/** More connections than one carries, with messages there and back; then streams that are compared with what arrived. */
async function exchangeMuch(entry: readonly string[], target: DialTarget): Promise<void> {
  const loadMaker = new LoadMaker(entry);
  cleanups.push(() => loadMaker.stop());
  await loadMaker.perform({ kind: 'hold', target, connections: 250 });
  await loadMaker.perform({ kind: 'exchange', milliseconds: 300 });
  const { rate = 0 } = await loadMaker.perform({ kind: 'throughput', target, connections: 8, milliseconds: 500 });
  expect(rate).toBeGreaterThan(0);
}

/** Where a workload or gateway is on the wire. */
function socketOf(l7: L7Mesh, key: string): string {
  return l7.gate(key).status().listeners[0]?.address ?? '';
}

/**
 * Puts manifests in force at these gates alone: what is behind the real ztunnel is not for our destination side to serve. Our source
 * side listens at every workload's address, so that of the other side is reached through one of ours.
 */
async function putAt(gates: readonly Gate[], mesh: TestMesh, manifests: readonly string[]): Promise<void> {
  const relay = createServer((socket) => pipeline(socket, connect(15008, theirs), socket, () => undefined));
  relay.listen(15008, ours(20));
  await once(relay, 'listening');
  cleanups.push(async () => void relay.close());
  mesh.addresses.placeAt(theirs, ours(20));
  const snapshot = mesh.snapshot(inventoryOf(manifests));
  for (const gate of gates) await gate.prepare(snapshot);
  for (const gate of gates) gate.commit(snapshot.number);
}

async function serveThere(): Promise<void> {
  const application = await there.serve(8080);
  cleanups.push(() => application.stop());
}

async function startReal(
  mesh: TestMesh,
  workload: string,
  state: ZtunnelState,
  environment: Readonly<Record<string, string>> = {},
): Promise<RealZtunnel> {
  const real = await RealZtunnel.start(binary ?? '', there, mesh.authority, workload, state, environment);
  cleanups.push(() => real.stop());
  return real;
}
