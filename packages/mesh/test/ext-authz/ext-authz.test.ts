import type { IncomingMessage } from 'node:http';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import type { TestMesh } from '../support/test-mesh.js';
import { allowed, denied, type GrpcAnswer, options, type ReceivedCheck, runGrpcAuthorizer } from './authorizers.js';

const httpPort = '[{ name: http, port: 80, targetPort: 8080 }]';
const tcpPort = '[{ name: tcp, port: 80, targetPort: 8080 }]';

/** A mesh in which service `server` is asked about at provider `authz`, whose settings follow. */
function manifests(provider: string, rest: readonly string[] = [], port = httpPort): readonly string[] {
  return [
    ambientNamespace('shop'),
    pod('shop', 'client', { address: '10.1.0.1' }),
    pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
    waypoint('shop', 'gate'),
    servedBy('gate', 'shop', 'server', '10.2.0.1', port),
    ambientNamespace('authz'),
    pod('authz', 'provider', { address: '10.1.0.9', ports: [9000] }),
    `
apiVersion: v1
kind: Service
metadata: { namespace: authz, name: provider }
spec: { clusterIP: 10.2.0.9, selector: { app: provider }, ports: [{ name: ${provider.startsWith('envoyExtAuthzGrpc') ? 'grpc' : 'http'}, port: 9000, targetPort: 9000 }] }
`,
    `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data:
  mesh: |
    extensionProviders:
    - name: authz
      ${provider}
`,
    ...rest,
  ];
}

const at = 'service: authz/provider.authz.svc.cluster.local, port: 9000, timeout: 2s';
const grpc = (more = '') => `envoyExtAuthzGrpc: { ${at}${more} }`;
const http = (more = '') => `envoyExtAuthzHttp: { ${at}${more} }`;
const askAll = policy(
  'shop',
  'ask',
  '{ action: CUSTOM, provider: { name: authz }, targetRefs: [{ kind: Service, group: "", name: server }], rules: [{}] }',
);

let mesh: L7Mesh;
let reached: IncomingMessage[];
/** What the authorizer over gRPC was asked. */
let checks: ReceivedCheck[];
beforeEach(() => {
  reached = [];
  checks = [];
});
afterEach(() => mesh.stop());

/** An application that says what reached it. */
function application(incoming: IncomingMessage, response: { end(text: string): void }): void {
  reached.push(incoming);
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => response.end(`${incoming.url} ${Buffer.concat(chunks).toString()}`));
}

async function start(written: readonly string[], provider: (made: TestMesh) => Promise<void>): Promise<void> {
  mesh = await L7Mesh.start(written, async (made) => {
    await runHttp(made, 'shop/server', 8080, application);
    await provider(made);
  });
}

const client = () => mesh.mesh.connectAs('shop/client', 'server.shop', 80);
function answering(answer: () => GrpcAnswer): (made: TestMesh) => Promise<void> {
  return (made) =>
    runGrpcAuthorizer(made, 'authz/provider', 9000, (check) => {
      checks.push(check);
      return answer();
    });
}

describe('an authorizer over gRPC', () => {
  it('is told who asks for what, and changes the request that it allows and the response', async () => {
    const answer = allowed(
      { 'x-user': 'alice' },
      { headers_to_remove: ['x-secret'], response_headers_to_add: options({ 'x-to-client': 'hello' }) },
    );
    await start(
      manifests(grpc(), [askAll]),
      answering(() => answer),
    );
    const got = await ask(await client(), { path: '/a/../b?q=1', headers: { 'x-user': 'mallory', 'x-secret': 's3' } });
    expect(got).toMatchObject({ status: 200, body: '/b?q=1 ', headers: { 'x-to-client': 'hello' } });
    expect(reached[0]?.headers).toMatchObject({ 'x-user': 'alice' });
    expect(reached[0]?.headers).not.toHaveProperty('x-secret');
    expect(checks[0]?.attributes).toMatchObject({
      source: { address: { socket_address: { address: '10.1.0.1' } }, principal: 'spiffe://cluster.local/ns/shop/sa/client' },
      destination: { address: { socket_address: { address: '10.2.0.1', port_value: 80 } } },
      request: {
        http: { method: 'GET', path: '/b?q=1', host: 'server.shop', headers: { 'x-user': 'mallory', ':path': '/b?q=1' } },
      },
    });
  });

  it('denies with its own status, headers and body', async () => {
    await start(
      manifests(grpc(), [askAll]),
      answering(() => denied(429, { 'retry-after': '7' }, 'later')),
    );
    const got = await ask(await client());
    expect(got).toMatchObject({ status: 429, body: 'later', headers: { 'retry-after': '7', 'content-type': 'text/plain' } });
    expect(await mesh.logged(' 429 ')).toMatch(
      / 429 UAEX ext_authz_denied .* reason="custom-policy" policy="AuthorizationPolicy\/shop\/ask" rule=0 /,
    );
    expect(reached).toEqual([]);
  });

  it('is asked before DENY and ALLOW policies, which see what it changed', async () => {
    const allow = policy(
      'shop',
      'staff',
      '{ targetRefs: [{ kind: Service, group: "", name: server }], rules: [{ when: [{ key: "request.headers[x-role]", values: [staff] }] }] }',
    );
    let role = 'staff';
    await start(
      manifests(grpc(), [askAll, allow]),
      answering(() => allowed({ 'x-role': role })),
    );
    expect(await ask(await client(), { headers: { 'x-role': 'guest' } })).toMatchObject({ status: 200 });
    role = 'guest';
    expect(await ask(await client(), { headers: { 'x-role': 'staff' } })).toMatchObject({
      status: 403,
      body: 'RBAC: access denied',
    });
  });

  it('sees as much of the body as it may, and the application all of it', async () => {
    const settings = grpc(', includeRequestBodyInCheck: { maxRequestBytes: 8, allowPartialMessage: true, packAsBytes: true }');
    await start(
      manifests(settings, [askAll]),
      answering(() => allowed()),
    );
    const body = 'x'.repeat(100_000);
    expect(await ask(await client(), { method: 'POST', body })).toMatchObject({ status: 200, body: `/ ${body}` });
    expect(checks.map(({ attributes }) => String(attributes.request?.http.raw_body))).toEqual(['xxxxxxxx']);
  });

  it('does not look into a body that is on its way already', async () => {
    mesh = await L7Mesh.start(manifests(grpc(), [askAll]), async (made) => {
      await runHttp(made, 'shop/server', 8080, (incoming, response) => incoming.pipe(response));
      await answering(() => allowed())(made);
    });
    const socket = await client();
    socket.write('POST / HTTP/1.1\r\nhost: server.shop\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n');
    await readUntil(socket, 'one');
    await mesh.change(manifests(grpc(', includeRequestBodyInCheck: { maxRequestBytes: 8 }'), [askAll]));
    socket.write('10\r\n0123456789abcdef\r\n');
    await readUntil(socket, 'abcdef');
    socket.write('3\r\ntwo\r\n0\r\n\r\n');
    expect(await readUntil(socket, 'two')).toContain('two');
    expect(checks.length).toBe(1);
  });

  it('is not asked about a body that is longer than it may see', async () => {
    const settings = grpc(', includeRequestBodyInCheck: { maxRequestBytes: 8 }');
    await start(
      manifests(settings, [askAll]),
      answering(() => allowed()),
    );
    expect(await ask(await client(), { method: 'POST', body: '123456789' })).toMatchObject({
      status: 413,
      body: 'Payload Too Large',
    });
    expect(await ask(await client(), { method: 'POST', body: '12345678' })).toMatchObject({ status: 200, body: '/ 12345678' });
    expect(checks.length).toBe(1);
  });

  it.each<[string, GrpcAnswer]>([
    ['hangs', 'hang'],
    ['fails', { code: status.INTERNAL }],
    ['answers nothing', {}],
    ['allows and denies at once', { status: { code: 0 }, denied_response: { status: { code: 403 } } }],
    ['makes it another request', allowed({ ':path': '/admin' })],
    ['writes a header that no message may have', allowed({ 'x-a': 'b\r\nx-c: d' })],
  ])('lets nothing through where it %s, unless it is to fail open', async (_, answer) => {
    await start(
      manifests(grpc(', statusOnError: "503"'), [askAll]),
      answering(() => answer),
    );
    expect(await ask(await client())).toMatchObject({ status: 503, body: '' });
    expect(reached).toEqual([]);
    await mesh.change(manifests(grpc(', failOpen: true'), [askAll]));
    expect(await ask(await client())).toMatchObject({ status: 200 });
  });

  it.each<[string, (made: TestMesh) => Promise<void>]>([
    ['resets', (made) => made.run('authz/provider', 9000, (socket) => void socket.once('data', () => socket.resetAndDestroy()))],
    [
      'speaks something else',
      (made) => made.run('authz/provider', 9000, (socket) => void socket.write('220 mail.example ESMTP\r\n')),
    ],
    ['is not there', () => Promise.resolve()],
  ])('lets nothing through where it %s', async (_, provider) => {
    await start(manifests(grpc(), [askAll]), provider);
    expect(await ask(await client())).toMatchObject({ status: 403 });
    expect(reached).toEqual([]);
    expect(await mesh.logged(' 403 ')).toContain(' UAEX ext_authz_error ');
  });

  it('decides on connections, with nothing but their ends to go by', async () => {
    let answer: GrpcAnswer = allowed();
    const provider = answering(() => answer);
    mesh = await L7Mesh.start(manifests(grpc(), [askAll], tcpPort), async (made) => {
      await made.run('shop/server', 8080, (socket) => socket.pipe(socket));
      await provider(made);
    });
    const admitted = await client();
    admitted.write('ping');
    expect(await readUntil(admitted, 'ping')).toBe('ping');
    expect(checks[0]?.attributes.request ?? null).toBeNull();
    answer = denied(403);
    await expect(readAll(await client())).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is asked again about what is open when its policy changes, and not when another one does', async () => {
    let answer: GrpcAnswer = allowed();
    const provider = answering(() => answer);
    const written = (rules: string, more: readonly string[] = []) =>
      manifests(grpc(), [askAll.replace('rules: [{}]', `rules: ${rules}`), ...more], tcpPort);
    mesh = await L7Mesh.start(written('[{}]'), async (made) => {
      await made.run('shop/server', 8080, (socket) => socket.pipe(socket));
      await provider(made);
    });
    const open = await client();
    open.write('one');
    expect(await readUntil(open, 'one')).toBe('one');
    answer = denied(403);
    const unrelated = policy('shop', 'other', '{ action: DENY, rules: [{ from: [{ source: { namespaces: [elsewhere] } }] }] }');
    await mesh.change(written('[{}]', [unrelated]));
    open.write('two');
    expect(await readUntil(open, 'two')).toBe('two');
    expect(checks.length).toBe(1);
    const gone = closed(open);
    await mesh.change(written('[{}, {}]', [unrelated]));
    await gone;
    expect(checks.length).toBe(2);
  });
});

describe('an authorizer over HTTP', () => {
  it('gets the listed headers below its prefix, and its own go where the provider says', async () => {
    let seen: IncomingMessage | undefined;
    const settings = http(
      ', pathPrefix: /check, includeRequestHeadersInCheck: ["x-in-*"], includeAdditionalHeadersInCheck: { x-mesh: main }, headersToUpstreamOnAllow: [x-user], headersToDownstreamOnAllow: [x-to-client]',
    );
    await start(manifests(settings, [askAll]), (made) =>
      runHttp(made, 'authz/provider', 9000, (incoming, response) => {
        seen = incoming;
        response.setHeader('x-user', 'alice').setHeader('x-other', 'o').setHeader('x-to-client', 'hello').end();
      }),
    );
    const got = await ask(await client(), { path: '/a', headers: { 'x-in-a': '1', 'x-hidden': '2', authorization: 'Bearer t' } });
    expect(got).toMatchObject({ status: 200, headers: { 'x-to-client': 'hello' } });
    expect(seen).toMatchObject({
      method: 'GET',
      url: '/check/a',
      headers: { host: 'server.shop', 'x-in-a': '1', 'x-mesh': 'main', authorization: 'Bearer t' },
    });
    expect(seen?.headers).not.toHaveProperty('x-hidden');
    expect(reached[0]?.headers).toMatchObject({ 'x-user': 'alice', 'x-hidden': '2' });
    expect(reached[0]?.headers).not.toHaveProperty('x-other');
  });

  it.each([
    [201, {}, 201],
    [302, { location: 'https://login.example/' }, 302],
    [401, {}, 401],
    [500, {}, 403],
  ] as const)('that answers %i lets nothing through', async (answer, headers, expected) => {
    await start(manifests(http(), [askAll]), (made) =>
      runHttp(made, 'authz/provider', 9000, (_, response) => response.writeHead(answer, headers).end('no')),
    );
    expect(await ask(await client())).toMatchObject({ status: expected, headers });
    expect(reached).toEqual([]);
  });

  it('that never ends its answer is no answer', async () => {
    await start(manifests(http(), [askAll]), (made) =>
      runHttp(made, 'authz/provider', 9000, (_, response) => void response.writeHead(200).write('al')),
    );
    expect(await ask(await client())).toMatchObject({ status: 403, body: '' });
  });

  it('that answers without end is cut off', async () => {
    await start(manifests(http(), [askAll]), (made) =>
      runHttp(made, 'authz/provider', 9000, (_, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', more);
        more();
      }),
    );
    expect(await ask(await client())).toMatchObject({ status: 403, body: '' });
  });

  it('cannot be asked about a connection, which is denied', async () => {
    mesh = await L7Mesh.start(manifests(http(), [askAll], tcpPort), (made) =>
      made.run('shop/server', 8080, (socket) => socket.pipe(socket)),
    );
    await expect(readAll(await client())).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await mesh.logged('custom-policy')).toContain('speaks HTTP');
  });
});

describe('CUSTOM at a ztunnel', () => {
  const selected = (rules: string) =>
    policy(
      'shop',
      'ask',
      `{ action: CUSTOM, provider: { name: authz }, selector: { matchLabels: { app: server } }, rules: ${rules} }`,
    );
  const run = (provider: (made: TestMesh) => Promise<void>) => async (made: TestMesh) => {
    await made.run('shop/server', 8080, (socket) => socket.pipe(socket));
    await provider(made);
  };

  it('asks over gRPC, also where the provider is asked about itself', async () => {
    let answer: GrpcAnswer = allowed();
    const everyone = policy('istio-system', 'ask', '{ action: CUSTOM, provider: { name: authz }, rules: [{}] }');
    mesh = await L7Mesh.start(manifests(grpc(), [everyone], tcpPort), run(answering(() => answer)));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    expect(await readUntil(open, 'ping')).toBe('ping');
    expect(checks[0]?.attributes).toMatchObject({ source: { principal: 'spiffe://cluster.local/ns/shop/sa/client' } });
    answer = denied(403);
    await expect(readAll(await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await mesh.mesh.logged('custom-policy')).toContain('policy="AuthorizationPolicy/istio-system/ask" rule=0');
  });

  it('denies without a question what the L4 part of a rule with HTTP conditions matches, and only that', async () => {
    const rules = '[{ to: [{ operation: { methods: [GET], ports: ["8080"] } }] }]';
    mesh = await L7Mesh.start(manifests(grpc(), [selected(rules)], tcpPort), run(answering(() => allowed())));
    await expect(readAll(await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await mesh.change(manifests(grpc(), [selected(rules.replace('8080', '9999'))], tcpPort));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    expect(await readUntil(open, 'ping')).toBe('ping');
    expect(checks.length).toBe(0);
  });

  it('ends what is open when a policy comes that nobody was asked about', async () => {
    mesh = await L7Mesh.start(manifests(grpc(), [], tcpPort), run(answering(() => allowed())));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    await readUntil(open, 'ping');
    const gone = closed(open);
    await mesh.change(manifests(grpc(), [selected('[{}]')], tcpPort));
    await gone;
  });

  it('asks about what is open when such a policy comes whose provider may fail open', async () => {
    mesh = await L7Mesh.start(manifests(grpc(', failOpen: true'), [], tcpPort), run(answering(() => denied(403))));
    const open = await mesh.mesh.connectAs('shop/client', '10.1.0.3', 8080);
    open.write('ping');
    await readUntil(open, 'ping');
    const gone = closed(open);
    await mesh.change(manifests(grpc(', failOpen: true'), [selected('[{}]')], tcpPort));
    await gone;
    expect(checks.length).toBe(1);
  });
});
