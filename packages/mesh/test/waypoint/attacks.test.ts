import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { GatewayInfo } from '@sallyport/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HboneError } from '../../src/hbone/hbone-error.js';
import { HbonePool, type TunnelRequest } from '../../src/hbone/hbone-pool.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambiguousMessages } from '../support/ambiguous-messages.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
];
const targeted = (name: string, spec: object) =>
  policy('shop', name, JSON.stringify({ targetRefs: [{ kind: 'Service', group: '', name: 'server' }], ...spec }));
const noAdmin = targeted('no-admin', {
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin', '/admin/*'] } }] }],
});
const normalization = (mode: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data: { mesh: "pathNormalization: { normalization: ${mode} }" }
`;

let mesh: L7Mesh;
let seen: string[];
const reached = () => seen.splice(0).join('; ');

function running(...manifests: readonly string[]): void {
  beforeAll(async () => {
    seen = [];
    mesh = await L7Mesh.start([...base, ...manifests], (made) =>
      runHttp(made, 'shop/server', 8080, (incoming, response) => {
        seen.push(`${incoming.url} for ${incoming.headers.host}`);
        incoming.resume();
        incoming.on('end', () => response.end('reached'));
      }),
    );
  });
  afterAll(() => mesh.stop());
}

const dial = (host = 'server.shop') => mesh.mesh.connectAs('shop/client', host, 80);

/** All that comes back for these bytes. */
async function raw(bytes: string, given?: Duplex): Promise<string> {
  const socket: Duplex = given ?? (await dial());
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.once('end', () => socket.end());
  socket.write(bytes, 'latin1');
  // A gate that does not read to the end what it refuses may reset the connection behind its answer.
  await once(socket, 'close').catch(() => undefined);
  return text;
}

const status = (target: string, ...headers: readonly string[]) => statusOver(undefined, target, ...headers);

/** The status of a request over a connection, or one to the service by its name. */
async function statusOver(socket: Duplex | undefined, target: string, ...headers: readonly string[]): Promise<number> {
  const lines = headers.some((line) => line.toLowerCase().startsWith('host:')) ? headers : ['Host: server.shop', ...headers];
  const answer = await raw(`GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, socket);
  return Number(answer.slice(9, 12));
}

/** The status of a request over HTTP/2 with these pseudo headers. */
async function http2Status(headers: Record<string, string>): Promise<number> {
  const socket: Duplex = await dial();
  const session = connectHttp2('http://server.shop', { createConnection: () => socket });
  session.on('error', () => undefined);
  const call = session.request({ ':authority': 'server.shop', ...headers });
  call.resume();
  // A request that is no request is answered by an end of its stream, or of the connection.
  const answer = await once(call, 'response').catch(() => [{ ':status': 400 }]);
  session.destroy();
  return answer[0][':status'];
}

describe('tricks with paths at a waypoint that denies /admin', () => {
  running(noAdmin);

  it.each([
    ['as it is', '/admin'],
    ['with a query', '/admin?x=/public'],
    ['with a fragment', '/admin#/public'],
    ['behind dot segments', '/public/../admin'],
    ['behind dot segments that lead beyond the root', '/public/../../admin'],
    ['behind a dot', '/./admin'],
    ['behind encoded dots', '/public/%2e%2e/admin'],
    ['behind half encoded dots', '/public/.%2E/admin'],
    ['with encoded letters', '/%61dmi%6e'],
    ['behind backslashes', '/public\\..\\admin'],
    ['with a backslash for its end', '/admin\\'],
    ['with a dot at its end', '/admin/.'],
    ['and back to itself', '/admin/../admin'],
    ['behind dots with parameters', '/public/..;/admin'],
    ['behind dots with parameters that have values', '/public/..;a=b/admin'],
    ['in absolute form', 'http://server.shop/admin'],
    ['in absolute form, for another host than Host', 'http://else.example/admin'],
    ['in absolute form with dots', 'http://server.shop/public/%2e%2e/admin'],
  ])('%s: denied', async (_, target) => {
    expect(await status(target)).toBe(403);
    expect(reached()).toBe('');
  });

  it.each([
    ['an encoded NUL', '/admin%00'],
    ['an encoded NUL behind something harmless', '/public%00/../admin'],
    ['no slash', 'admin'],
    ['no slash, but dots', '../admin'],
    ['a space', '/admin /x'],
    ['an escape that is none', '/%zz/../admin'],
    ['encoded dots with parameters, which applications read as dots', '/public/%2e%2e;/admin'],
    ['half encoded dots with parameters', '/public/.%2e;a=b/admin'],
    ['one encoded dot with parameters', '/public/%2e;/admin'],
  ])('%s: refused', async (_, target) => {
    expect([400, 403]).toContain(await status(target));
    expect(reached()).toBe('');
  });

  // What is matched is what is forwarded: these are other paths, and reach the application as such.
  it.each([
    ['encoded twice', '/%2561dmin', '/%2561dmin'],
    ['half an escape', '/admin%', '/admin%'],
    ['dots encoded twice', '/public/%252e%252e/admin', '/public/%252e%252e/admin'],
    ['dots in overlong UTF-8', '/public/%c0%ae%c0%ae/admin', '/public/%c0%ae%c0%ae/admin'],
    ['a slash in overlong UTF-8', '/%c0%afadmin', '/%c0%afadmin'],
    ['an encoded slash', '/public%2f..%2fadmin', '/public%2f..%2fadmin'],
    ['an encoded backslash', '/public%5c..%5cadmin', '/public%5c..%5cadmin'],
    ['two slashes', '//admin', '//admin'],
    ['other letters', '/Admin', '/Admin'],
    ['a longer name', '/administer', '/administer'],
    ['in the query', '/public?/../admin', '/public?/../admin'],
    ['behind a fragment', '/public#/../admin', '/public'],
    ['three dots', '/.../admin', '/.../admin'],
  ])('%s: another path, and forwarded as that', async (_, target, forwarded) => {
    expect(await status(target)).toBe(200);
    expect(reached()).toBe(`${forwarded} for server.shop`);
  });

  it.each([
    ['no slash', 'admin'],
    ['nothing', ''],
    ['a whole address', 'http://server.shop/admin'],
    ['an encoded NUL', '/admin%00'],
    ['dots', '/public/../admin'],
    ['encoded dots with parameters', '/public/%2e%2e;/admin'],
  ])('a `:path` of HTTP/2 with %s does not get through', async (_, path) => {
    expect([400, 403]).toContain(await http2Status({ ':path': path }));
    expect(reached()).toBe('');
  });

  it.each(ambiguousMessages)('a message with %s gets 400 and goes no further', async (_, bytes) => {
    expect(await raw(bytes)).toMatch(/^HTTP\/1\.1 400 /);
    expect(reached()).toBe('');
  });

  it('nothing is smuggled behind a body of two lengths, or behind a request that is the last', async () => {
    const hidden = 'GET /admin HTTP/1.1\r\nHost: server.shop\r\n\r\n';
    const both = 'Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    await raw(`POST /public HTTP/1.1\r\nHost: server.shop\r\n${both}${hidden}`);
    expect(reached()).toBe('');
    await raw(`HEAD /public HTTP/1.1\r\nHost: server.shop\r\nConnection: close\r\n\r\n${hidden}`);
    expect(reached()).not.toContain('/admin');
  });
});

describe('tricks with paths at a waypoint that merges and decodes slashes', () => {
  running(noAdmin, normalization('DECODE_AND_MERGE_SLASHES'));

  it.each(['//admin', '/%2fadmin', '/public%2f..%2fadmin', '/public%5C..%5cadmin', '/\\admin'])('%s: denied', async (target) => {
    expect(await status(target)).toBe(403);
    expect(reached()).toBe('');
  });
});

describe('tricks with hosts at a waypoint that allows one', () => {
  running(targeted('one-host', { rules: [{ to: [{ operation: { hosts: ['shop.example'] } }] }] }));

  it.each([
    ['as it is', ['Host: shop.example']],
    ['in other letters', ['Host: SHOP.Example']],
  ])('%s: allowed', async (_, headers) => {
    expect(await status('/', ...headers)).toBe(200);
    expect(reached().toLowerCase()).toBe('/ for shop.example');
  });

  it('in absolute form, which counts and not Host', async () => {
    expect(await status('http://shop.example/x', 'Host: else.example')).toBe(200);
    expect(reached()).toBe('/x for shop.example');
    expect(await status('http://else.example/x', 'Host: shop.example')).toBe(403);
    expect(reached()).toBe('');
  });

  it.each([
    ['with a port', ['Host: shop.example:80']],
    ['with another port', ['Host: shop.example:8080']],
    ['with a dot at its end', ['Host: shop.example.']],
    ['behind another name', ['Host: else.shop.example']],
    ['in front of another name', ['Host: shop.example.else']],
    [
      'in other headers',
      ['Host: else.example', 'X-Forwarded-Host: shop.example', 'X-Host: shop.example', 'Forwarded: host=shop.example'],
    ],
    ['twice', ['Host: shop.example', 'Host: shop.example']],
    ['before another one', ['Host: shop.example', 'Host: else.example']],
    ['after another one', ['Host: else.example', 'Host: shop.example']],
    ['in a list', ['Host: shop.example, else.example']],
    ['as user information', ['Host: shop.example@else.example']],
    ['with a path', ['Host: shop.example/x']],
    ['with a tab in it', ['Host: shop\t.example']],
    ['empty', ['Host:']],
    ['as an IPv4-mapped address', ['Host: [::ffff:10.2.0.1]']],
  ])('%s: not allowed', async (_, headers) => {
    expect([400, 403]).toContain(await status('/', ...headers));
    expect(reached()).toBe('');
  });

  it('over HTTP/2: :authority counts, and a Host that differs is refused', async () => {
    expect(await http2Status({ ':authority': 'shop.example', ':path': '/' })).toBe(200);
    expect(reached()).toBe('/ for shop.example');
    expect(await http2Status({ ':authority': 'shop.example', host: 'else.example', ':path': '/' })).toBe(400);
    expect(await http2Status({ ':authority': 'else.example', ':path': '/' })).toBe(403);
    expect(reached()).toBe('');
  });
});

describe('tricks with headers at a waypoint that asks for one', () => {
  running(
    targeted('team', { rules: [{ when: [{ key: 'request.headers[x-team]', values: ['web'] }] }] }),
    targeted('no-debug', { action: 'DENY', rules: [{ when: [{ key: 'request.headers[x-debug]', values: ['on'] }] }] }),
  );

  it.each([
    ['with it', ['X-Team: web'], 200],
    ['with blanks around its value', ['X-Team: \t web \t'], 200],
    ['with a name that only looks alike', ['X_Team: web'], 403],
    ['with another value', ['X-Team: web, admin'], 403],
    ['with the value in another line of it', ['X-Team: admin', 'X-Team: web'], 200],
    ['with what is denied in the second line', ['X-Team: web', 'X-Debug: off', 'X-Debug: on'], 403],
    ['with what is denied in other letters of its name', ['X-Team: web', 'x-DEBUG: on'], 403],
    ['with what is denied named in Connection', ['X-Team: web', 'Connection: x-debug', 'X-Debug: on'], 403],
    ['with it in a trailer', ['Trailer: X-Team'], 403],
  ])('%s', async (_, headers, expected) => {
    expect(await status('/', ...headers)).toBe(expected);
    expect(reached()).toBe(expected === 200 ? '/ for server.shop' : '');
  });
});

describe('tricks with IPv4-mapped IPv6 at a waypoint that knows its clients and itself by IPv4', () => {
  running(
    noAdmin,
    targeted('known', {
      rules: [{ from: [{ source: { remoteIpBlocks: ['10.1.0.1'] } }], when: [{ key: 'destination.ip', values: ['10.2.0.1'] }] }],
    }),
    targeted('banned', {
      action: 'DENY',
      rules: [{ from: [{ source: { ipBlocks: ['10.1.0.1'] } }], to: [{ operation: { paths: ['/banned'] } }] }],
    }),
  );

  /** A tunnel of the client to its waypoint, as its ztunnel would open it. */
  function tunnelTo(authority: string): TunnelRequest {
    const { workload } = inventoryOf(base).gateways.get('shop/gate') as GatewayInfo;
    const socketOf = (address: string) => mesh.mesh.addresses.socketAddress(address) ?? '';
    return {
      permit: { effect: 'allow', reason: 'no-policy', audit: [] },
      identity: 'spiffe://cluster.local/ns/shop/sa/client',
      expectedIdentities: [workload.identity],
      address: socketOf(workload.address),
      port: 15008,
      localAddress: socketOf('10.1.0.1'),
      authority,
    };
  }

  it.each([
    ['as it is', '10.2.0.1'],
    ['mapped', '::ffff:10.2.0.1'],
    ['mapped, in hexadecimal', '::ffff:a02:1'],
    ['mapped, in capitals and in full', '0:0:0:0:0:FFFF:0A02:0001'],
  ])('the address of the service %s leads through the waypoint, which takes it for the same', async (_, host) => {
    expect(await statusOver(await dial(host), '/public')).toBe(200);
    expect(reached()).toBe('/public for server.shop');
    expect(await statusOver(await dial(host), '/admin')).toBe(403);
    expect(await statusOver(await dial(host), '/banned')).toBe(403);
    expect(reached()).toBe('');
  });

  it.each([
    ['mapped', '[::ffff:10.2.0.1]:80', '/public: 200, /admin: 403'],
    ['mapped, in hexadecimal', '[::FFFF:A02:1]:80', '/public: 200, /admin: 403'],
    ['mapped, without brackets', '::ffff:10.2.0.1:80', 'refused with 400'],
    ['with a zone', '[::ffff:10.2.0.1%1]:80', 'refused with 400'],
    ['compatible with IPv4, which is another one', '[::10.2.0.1]:80', 'refused with 400'],
    ['of the pod itself, mapped', '[::ffff:10.1.0.3]:8080', 'refused with 400'],
    ['of this machine, mapped', '[::ffff:127.0.0.1]:80', 'refused with 400'],
  ])('a tunnel to an address %s: %s, %s', async (_, authority, expected) => {
    const peers = new PeerJudge({ trustDomains: () => ['cluster.local'] });
    const pool = new HbonePool({ credentials: mesh.mesh.authority, peers });
    const open = async (path: string) => statusOver((await pool.connect(tunnelTo(authority))).stream, path);
    const outcome = open('/public').then(
      async (status) => `/public: ${status}, /admin: ${await open('/admin')}`,
      (error: HboneError) => `refused with ${error.status}`,
    );
    expect(await outcome).toBe(expected);
    expect(reached()).toBe(expected.includes('200') ? '/public for server.shop' : '');
    await pool.close();
  });

  it.each([
    ['of somebody else', '::ffff:10.9.9.9'],
    ['of somebody else, in hexadecimal', '::ffff:a09:909'],
    ['of nobody', '::ffff:0.0.0.0'],
    ['of this machine', '::ffff:127.0.0.1'],
  ])('a client that claims the mapped address %s is taken for what it is', async (_, claimed) => {
    const claims = [`X-Forwarded-For: ${claimed}`, `X-Real-IP: ${claimed}`, `Forwarded: for="[${claimed}]"`];
    expect(await status('/public', ...claims)).toBe(200);
    expect(reached()).toBe('/public for server.shop');
    expect(await status('/banned', ...claims)).toBe(403);
    expect(reached()).toBe('');
  });
});
