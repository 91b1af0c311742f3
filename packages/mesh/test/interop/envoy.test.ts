import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { TestMesh } from '../support/test-mesh.js';
import { Envoy } from './envoy.js';
import { clientConfig, serverConfig } from './envoy-config.js';

const binary = process.env.SALLYPORT_ENVOY;
const identity = (name: string) => `spiffe://cluster.local/ns/default/sa/${name}`;

const manifests = [
  ambientNamespace('default'),
  pod('default', 'sleep', { address: '10.1.0.1' }),
  pod('default', 'notsleep', { address: '10.1.0.2' }),
  pod('default', 'echo', { address: '10.1.0.3', ports: [9000] }),
  service('default', 'echo', '10.96.0.3', 9000, 9000),
  policy('default', 'allow-sleep', `{ rules: [{ from: [{ source: { principals: ["cluster.local/ns/default/sa/sleep"] } }] }] }`),
];

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe.skipIf(binary === undefined)('a real Envoy (its path in SALLYPORT_ENVOY)', () => {
  it('opens tunnels to a ztunnel of ours, which admits and refuses by the certificate that Envoy shows', async () => {
    const mesh = await startMesh(manifests);
    await mesh.run('default/echo', 9000, (socket) => socket.pipe(socket));
    const tunnel = async (client: string) => ({
      name: client,
      listen: { address: mesh.addresses.fresh(), port: 10001 },
      from: mesh.socketOf(`default/${client}`),
      gate: { address: mesh.socketOf('default/echo'), port: 15008 },
      authority: '10.1.0.3:9000',
      credentials: await mesh.authority.fetch(identity(client)),
      peer: identity('echo'),
    });
    const [allowed, refused] = [await tunnel('sleep'), await tunnel('notsleep')];
    await startEnvoy(clientConfig([allowed, refused]));

    expect(await talk(allowed.listen, 'hello')).toBe('hello');
    expect(await mesh.logged('connection complete', 'direction="inbound"', identity('sleep'), '10.1.0.1')).toContain(
      '10.1.0.3:9000',
    );
    expect(await talk(refused.listen, 'hello')).toBe('');
    expect(await mesh.logged('policy rejection', identity('notsleep'))).toContain('10.1.0.2');
  });

  it('refuses, and is refused, where the other side is not who it should be', async () => {
    const mesh = await startMesh(manifests);
    await mesh.run('default/echo', 9000, (socket) => socket.pipe(socket));
    const listen = { address: mesh.addresses.fresh(), port: 10001 };
    const gate = { address: mesh.socketOf('default/echo'), port: 15008 };
    const credentials = await mesh.authority.fetch('spiffe://elsewhere.example/ns/default/sa/sleep');
    const from = mesh.socketOf('default/sleep');
    await startEnvoy(
      clientConfig([{ name: 'foreign', listen, from, gate, authority: '10.1.0.3:9000', credentials, peer: identity('echo') }]),
    );
    expect(await talk(listen, 'hello')).toBe('');
  });

  it('ends tunnels of a ztunnel of ours, and admits and refuses by the certificate that we show', async () => {
    // The pod listed as `remote` belongs to Envoy: our destination side leaves its address alone, as it is not in the mesh there.
    const mesh = await startMesh(manifests);
    const remote = pod('default', 'remote', { address: '10.1.0.9', ports: [9000] });
    await mesh.run('default/echo', 9000, (socket) => socket.pipe(socket));
    const address = mesh.addresses.fresh();
    const credentials = await mesh.authority.fetch(identity('remote'));
    await startEnvoy(
      serverConfig(
        { address, port: 15008 },
        { address: mesh.addresses.applicationAddress('default/echo') ?? '', port: 9000 },
        credentials,
        identity('sleep'),
      ),
    );
    mesh.addresses.placeAt('10.1.0.9', address);
    await mesh.changeSource([...manifests, remote]);

    const allowed = await mesh.connectAs('default/sleep', '10.1.0.9', 9000);
    expect(await exchange(allowed, 'hello')).toBe('hello');
    const refused = await mesh.connectAs('default/notsleep', '10.1.0.9', 9000);
    expect(await exchange(refused, 'hello')).toBe('');
  });
});

async function startMesh(texts: readonly string[]): Promise<TestMesh> {
  const mesh = await TestMesh.start(texts);
  cleanups.push(() => mesh.stop());
  return mesh;
}

async function startEnvoy(configuration: object): Promise<void> {
  const envoy = await Envoy.start(binary ?? '', configuration);
  cleanups.push(() => envoy.stop());
}

async function talk(to: { address: string; port: number }, text: string): Promise<string> {
  const socket = connect({ host: to.address, port: to.port, allowHalfOpen: true });
  return exchange(socket, text);
}

/** Sends a text, says that this was all, and returns what came back until the other side ended. */
async function exchange(socket: Socket, text: string): Promise<string> {
  let received = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.end(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}
