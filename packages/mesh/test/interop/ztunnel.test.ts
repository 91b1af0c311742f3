import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { identityOf } from '../support/open-tunnel.js';
import { password, TestMesh } from '../support/test-mesh.js';
import { type OtherSide, ours, placeOnWire, theirs, ztunnelAdmits, ztunnelWorkload } from './real-ztunnel.js';
import { here, socketOf, ZtunnelWorld } from './ztunnel-world.js';

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

let world: ZtunnelWorld;
let there: OtherSide;

describe.skipIf(binary === undefined)('a real ztunnel (its path in SALLYPORT_ZTUNNEL)', () => {
  beforeAll(async () => {
    world = await ZtunnelWorld.open(binary ?? '');
    there = world.there;
  });
  afterAll(() => world?.close());
  afterEach(() => world.endTest());

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
        const mesh = await world.startMesh([...manifests, admits('shop/client')]);
        const real = await world.startReal(mesh, 'shop/client', state);
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
          await world.startApplication(here, address);
        });
        world.atEnd(() => mesh.stop());
        await world.startReal(mesh, 'shop/client', state);
        const socks = { host: '127.0.0.1', port: 15080 };
        await world.exchangeMuch(there.namespace.entry, { host: hostname, port: 80, through: socks });
      });

      it('finds it again after its listener has gone and come back', async () => {
        const mesh = await world.startMesh(manifests);
        await world.startReal(mesh, 'shop/client', state);
        expect(await there.curl(url)).toBe('here: GET /');
        await mesh.change(manifests.filter((text) => text !== server));
        expect(await there.curl(url)).toContain('curl: (');
        await mesh.change(manifests);
        expect(await there.curl(url)).toBe('here: GET /');
      });

      it('loses what policy does not allow any more, and is told so', async () => {
        const mesh = await world.startMesh([...manifests, admits('shop/client')]);
        const real = await world.startReal(mesh, 'shop/client', state);
        const asked = new Promise<void>((resolve) => {
          world.onSilence = resolve;
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
      const l7 = await world.startL7(manifests);
      const gate = socketOf(l7, 'shop/gate');
      const real = await world.startReal(l7.mesh, 'shop/client', {
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
        const l7 = await world.startL7([...manifests, admits('shop/client')]);
        const real = await world.startReal(l7.mesh, 'shop/client', stateOf(l7), inWest);
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
        const l7 = await world.startL7([
          ...base,
          globally(service('shop', 'server', vip, 80, 8080), 'istio.io/global: "true", istio.io/use-waypoint: gate').replace(
            'name: tcp',
            'name: http',
          ),
          waypoint('shop', 'gate').replace('labels: {', 'labels: { topology.istio.io/network: east,'),
          readers,
          admits('shop/gate'),
        ]);
        await world.startReal(l7.mesh, 'shop/client', stateOf(l7, true), inWest);
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
      const mesh = await world.startMesh(clients);
      const real = await world.startReal(mesh, 'shop/server', state('shop/client'));
      await world.serveThere();
      await world.putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
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
      const mesh = await world.startMesh(clients);
      await world.startReal(mesh, 'shop/server', state('shop/client'));
      await world.startApplication(there.namespace.entry, theirs);
      await world.putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
      const socks = { host: mesh.socketOf('shop/client'), port: 15080, username: 'shop/client', password };
      await world.exchangeMuch(here, { host: 'server.shop', port: 80, through: socks });
    });

    it('may be stopped and started again, and the next connection of ours gets there', async () => {
      const mesh = await world.startMesh(clients);
      const first = await world.startReal(mesh, 'shop/server', state('shop/client'));
      await world.serveThere();
      await world.putAt([mesh.source], mesh, [...clients, server, service('shop', 'server', vip, 80, 8080)]);
      const get = async () => (await ask(await mesh.connectAs('shop/client', 'server.shop', 80))).body;
      expect(await get()).toBe('there: GET /');
      await first.stop();
      await expect(get()).rejects.toThrow();
      await world.startReal(mesh, 'shop/server', state('shop/client'));
      expect(await get()).toBe('there: GET /');
    });

    it('of a waypoint of ours admits it by its own certificate', async () => {
      const manifests = [...clients, waypoint('shop', 'gate'), readers];
      const l7 = await world.startL7(manifests);
      const real = await world.startReal(l7.mesh, 'shop/server', state('shop/gate'));
      await world.serveThere();
      const all = [...manifests, server, servedBy('gate', 'shop', 'server', vip, httpPorts)];
      await world.putAt([l7.mesh.source, l7.gate('shop/gate')], l7.mesh, all);
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
      const l7 = await world.startL7(manifests);
      const real = await world.startReal(l7.mesh, 'shop/server', state('shop/client', 'east'), { NETWORK: 'east' });
      await world.serveThere();
      const far = pod('shop', 'server', { address: theirs, ports: [8080], labels: east });
      const all = [...manifests, far, globally(service('shop', 'server', vip, 80, 8080))];
      await world.putAt([l7.mesh.source, l7.gate('istio-gateways/eastwest')], l7.mesh, all);
      const answer = await ask(await l7.mesh.connectAs('shop/client', 'server.shop', 80));
      expect(answer.body).toBe('there: GET /');
      expect(await real.logged('connection complete', 'direction="inbound"', identityOf('shop/client'))).not.toContain('error=');
      await expect(ask(await l7.mesh.connectAs('shop/other', 'server.shop', 80))).rejects.toThrow();
      expect(await l7.mesh.logged('direction="outbound"', 'src.workload="other"', 'error=')).toContain('401');
      expect(await real.logged('policy rejection')).toContain(identityOf('shop/other'));
    });
  });
});
