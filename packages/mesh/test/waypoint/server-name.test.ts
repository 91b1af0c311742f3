import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { helloMessage, records, serverName } from '../support/client-hellos.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { TestAuthority } from '../support/test-authority.js';
import type { TestMesh } from '../support/test-mesh.js';

const mesh = (port = '{ name: tls, port: 443, targetPort: 8080 }') => [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', `[${port}]`),
];
const targeted = (spec: string) =>
  policy('shop', 'by-name', `{ targetRefs: [{ kind: Service, group: "", name: server }], ${spec} }`);
const named = (action: string, ...values: string[]) =>
  targeted(`action: ${action}, rules: [{ when: [{ key: connection.sni, values: ${JSON.stringify(values)} }] }]`);
const roles = `
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: { name: default }
spec: { mode: 'ON' }
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: { namespace: shop, name: secure }
spec: { rules: [{ services: ["*"], constraints: [{ key: connection.sni, values: [www.shop.example] }] }] }
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: { namespace: shop, name: secure }
spec: { subjects: [{ user: "*" }], roleRef: { kind: ServiceRole, name: secure } }
`;

let authority: TestAuthority;
let running: L7Mesh;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterEach(() => running.stop());

async function runHttps(made: TestMesh): Promise<void> {
  const { chain, key } = await authority.issue('unused', { names: [{ type: 'dns', value: '*.shop.example' }] });
  const server = createHttps({ cert: chain, key }, (incoming, response) => response.end(`for ${incoming.headers.host}`));
  await made.run('shop/server', 8080, (socket) => server.emit('connection', socket));
}

const echo = (made: TestMesh) => made.run('shop/server', 8080, (socket) => socket.pipe(socket));

async function start(manifests: readonly string[], application: (made: TestMesh) => Promise<void> = runHttps, limits = {}) {
  running = await L7Mesh.start(manifests, application, limits);
}

const dial = () => running.mesh.connectAs('shop/client', 'server.shop', 443);

/** The answer of the application, over TLS that only it can end. */
async function answerFor(servername: string): Promise<string> {
  const secure = connectTls({ socket: await dial(), servername, ca: authority.bundle });
  await once(secure, 'secureConnect');
  const { body } = await ask(secure, { headers: { host: servername } });
  return body;
}

async function sends(bytes: Buffer): Promise<Duplex> {
  const socket = await dial();
  socket.write(bytes);
  return socket;
}

describe('the server name of the TLS inside a tunnel', () => {
  it('admits by ALLOW, in any case of its letters', async () => {
    await start([...mesh(), named('ALLOW', 'www.shop.example')]);
    expect(await answerFor('www.shop.example')).toBe('for www.shop.example');
    expect(await answerFor('WWW.shop.example')).toContain('for');
    await expect(answerFor('cart.shop.example')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await running.logged('allow policies exist')).toContain('shop/by-name');
  });

  it('refuses by DENY, and lets every other name pass', async () => {
    await start([...mesh(), named('DENY', 'admin.*')]);
    expect(await answerFor('www.shop.example')).toContain('for www');
    await expect(answerFor('admin.shop.example')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await running.logged('deny-policy')).toContain('shop/by-name');
  });

  it.each([
    ['that nobody declared to be TLS', '{ name: tcp, port: 443, targetPort: 8080 }'],
    ['that nobody declared at all', '{ name: any, port: 443, targetPort: 8080 }'],
  ])('is read on a port %s', async (_, port) => {
    await start([...mesh(port), named('DENY', 'admin.shop.example')]);
    expect(await answerFor('www.shop.example')).toContain('for www');
    await expect(answerFor('admin.shop.example')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('decides for roles of the older generation', async () => {
    await start([...mesh(), roles]);
    expect(await answerFor('www.shop.example')).toContain('for www');
    await expect(answerFor('cart.shop.example')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is not there in what is no TLS: no ALLOW that names one admits it, no DENY refuses it', async () => {
    await start([...mesh(), named('ALLOW', '*')], echo);
    const socket = await sends(Buffer.from('ping'));
    socket.resume();
    await closed(socket);
    await running.change([...mesh(), named('DENY', '*')]);
    const other = await sends(Buffer.from('ping'));
    other.end();
    expect(await readAll(other)).toBe('ping');
  });

  const twice = records(helloMessage([serverName('www.shop.example'), serverName('admin.shop.example')]));
  it.each([
    ['two names', twice, 'comes twice'],
    ['a name with NUL', records(helloMessage([serverName('www.shop.example\0.evil')])), 'no DNS name'],
    ['a part missing, for ever', records(helloMessage([serverName('www.shop.example')])).subarray(0, 70), 'nothing in time'],
  ])('cannot be read in a greeting with %s: that denies, also where only DENY policies apply', async (_, bytes, why) => {
    await start([...mesh(), named('DENY', 'other.example')], echo, { preambleTimeoutMs: 100 });
    const socket = await sends(bytes);
    socket.resume();
    await closed(socket);
    expect(await running.logged('unreadable-attribute', why)).toContain('TLS greeting');
  });

  it('does not keep a silent client waiting where no policy asks for it', async () => {
    await start(mesh(), (made) => made.run('shop/server', 8080, (socket) => void socket.end('the server speaks first')));
    expect(await readAll(await dial())).toBe('the server speaks first');
  });

  it('leaves the bytes as they came, whatever the records', async () => {
    await start([...mesh(), named('ALLOW', 'www.shop.example')], echo);
    const bytes = Buffer.concat([records(helloMessage([serverName('www.shop.example')]), 9), Buffer.from('and more')]);
    const socket = await dial();
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    const ended = once(socket, 'end');
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    socket.end();
    await ended;
    expect(Buffer.concat(got)).toEqual(bytes);
  });

  it('that nobody asked for when the connection began ends it once a policy does', async () => {
    await start(mesh(), echo);
    const socket = await sends(Buffer.from('ping'));
    await once(socket, 'data');
    const ended = closed(socket);
    await running.change([...mesh(), named('DENY', 'other.example')]);
    await ended;
  });
});
