import { isIP } from 'node:net';
import { acceptAtEastWest, acceptAtWaypoint, acceptAtZtunnel, type InboundTarget, remoteAddress } from '@sallyport/policy';
import { forwardedHost } from '../../../src/hbone/headers.js';
import { tunnelSource } from '../../../src/hbone/tunnel-source.js';
import { ambientNamespace, pod, service } from '../../support/manifests.js';
import { inventoryOf } from '../../support/test-mesh.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const gateway = (name: string, gatewayClass: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: app, name: ${name} }
spec:
  gatewayClassName: ${gatewayClass}
  listeners: [{ name: main, port: ${gatewayClass === 'istio' ? '80, protocol: HTTP' : '15008, protocol: HBONE'} }]
`;

function mesh() {
  const inventory = inventoryOf([
    ambientNamespace('app'),
    pod('app', 'web', { ports: [80], address: '10.0.0.1' }),
    service('app', 'web', '10.1.0.1', 80, 80),
    gateway('waypoint', 'istio-waypoint'),
    gateway('ingress', 'istio'),
  ]);
  const gateways = [...inventory.gateways.values()];
  const workload = [...inventory.workloads.values()].find(({ name }) => name === 'web');
  if (workload === undefined || gateways.length !== 2) throw new Error('the mesh is not what it should be');
  return { inventory, gateways, workload };
}

let made: ReturnType<typeof mesh> | undefined;
const scene = (): ReturnType<typeof mesh> => {
  made ??= mesh();
  return made;
};

export const forwardedAddresses: FuzzTarget = {
  name: 'forwarded-addresses',
  words: [
    ',',
    ', ',
    ' ',
    '\t',
    '1.2.3.4',
    '::1',
    '[::1]',
    '::ffff:10.0.0.1',
    '%eth0',
    ':80',
    '256',
    '010',
    'for=',
    'host=',
    ';',
    '"',
    'unknown',
    '=',
    'k8s.namespace.name=app',
    'k8s.pod.name=web',
  ],
  seeds: () =>
    [
      '1.2.3.4, 5.6.7.8',
      '2001:db8::1',
      '',
      'k8s.namespace.name=app,k8s.pod.name=web',
      'for="10.0.0.1:80";host=web.app',
      'host=A',
    ].map((text) => Buffer.from(text)),
  run: (bytes) => {
    const text = bytes.toString('latin1');
    const { inventory, gateways, workload } = scene();
    for (const each of gateways) {
      const [first = '', ...more] = text.split('\n');
      const headers = [['x-forwarded-for', first] as const, ...more.map((value) => ['X-Forwarded-For', value] as const)];
      const address = remoteAddress(inventory, {
        gateway: each,
        peer: '10.9.9.9',
        headers,
        identity: gateways[0]?.workload.identity ?? '',
      });
      holds(isIP(address) !== 0, `${address} is an address`);
    }
    const claimed = tunnelSource(inventory, {
      identity: workload.identity,
      address: '10.9.9.9',
      headers: { baggage: text, 'x-forwarded-network': 'elsewhere' },
      network: '',
    });
    holds(claimed === undefined || claimed.identity === workload.identity, 'baggage names nobody of another identity');
    const host = forwardedHost({ forwarded: text });
    holds(host === undefined || host === host.toLowerCase(), 'a host has no case');
  },
};

export const tunnelAuthorities: FuzzTarget = {
  name: 'tunnel-authorities',
  words: [
    ':',
    ':80',
    ':0',
    ':65536',
    '[',
    ']',
    '10.0.0.1',
    '10.1.0.1',
    '::1',
    '::ffff:10.0.0.1',
    'web.app.svc.cluster.local',
    '0x0a.1',
    '010.0.0.1',
    '@',
    '/',
    '%00',
    ' ',
  ],
  seeds: () =>
    ['10.0.0.1:80', '[::ffff:10.0.0.1]:80', '10.1.0.1:80', 'web.app.svc.cluster.local:80', 'WEB.app:80'].map((text) =>
      Buffer.from(text),
    ),
  run: (bytes) => {
    const { inventory, gateways, workload } = scene();
    const authority = bytes.toString('latin1');
    const targets: readonly InboundTarget[] = [
      acceptAtZtunnel(inventory, workload, authority),
      ...gateways.map((each) => acceptAtWaypoint(inventory, each, authority)),
    ];
    for (const each of gateways) {
      const crossing = acceptAtEastWest(inventory, each, { authority, identity: workload.identity, judgedBy: 'waypoint' });
      holds(crossing.kind === 'refused', 'nothing is global here');
    }
    for (const target of targets) {
      if (target.kind === 'refused') continue;
      holds(/^[0-9a-z.:[\]_-]+:[0-9]{1,5}$/i.test(authority), `${JSON.stringify(authority)} is an authority`);
    }
  },
};
