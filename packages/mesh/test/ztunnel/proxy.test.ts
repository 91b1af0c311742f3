import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closed, readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { password, TestMesh } from '../support/test-mesh.js';

const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  pod('shop', 'secure', { address: '10.1.0.4', ports: [8443] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
  service('shop', 'secure', '10.2.0.2', 443, 8443),
  policy('shop', 'only-client', '{ rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }] }'),
];

let mesh: TestMesh;
beforeEach(async () => {
  mesh = await TestMesh.start(manifests, async (made) => {
    const web = createHttpServer((request, response) => response.end(`${request.method} ${request.url}\n`));
    await made.run('shop/server', 8080, (socket) => web.emit('connection', socket));
    const { key, chain } = await made.authority.issue('spiffe://cluster.local/ns/shop/sa/secure');
    const secure = createTlsServer({ key, cert: chain }, (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    await made.run('shop/secure', 8443, (socket) => secure.emit('connection', socket));
  });
});
afterEach(() => mesh.stop());

async function dial(workload = 'shop/client'): Promise<Socket> {
  const socket = connect({ host: mesh.socketOf(workload), port: 15080 });
  mesh.onStop(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Everything that the listener answers to some bytes, in hexadecimal. */
async function answerTo(...bytes: readonly number[]): Promise<string> {
  const socket = await dial();
  socket.write(Buffer.from(bytes));
  return (await buffer(socket)).toString('hex');
}

/** The bytes of a client that has logged in. */
function login(user = 'shop/client', word = password): number[] {
  return [5, 1, 2, 1, user.length, ...Buffer.from(user), word.length, ...Buffer.from(word)];
}

describe('the SOCKS listener', () => {
  it('refuses a client that offers no user name and password', async () => {
    expect(await answerTo(5, 1, 0)).toBe('05ff');
    expect(mesh.log.at(-1)).toContain('the client offers no user name and password');
  });

  it.each([
    ['a wrong password', login('shop/client', 'guess')],
    ["another workload's name", login('shop/other')],
    ['empty ones', login('', '')],
  ])('refuses %s', async (_, bytes) => {
    expect(await answerTo(...bytes)).toBe('05020101');
    expect(mesh.log.at(-1)).toContain('wrong user name or password');
  });

  it.each([
    ['BIND', 2, 1, '07'],
    ['UDP ASSOCIATE', 3, 1, '07'],
    ['an unknown address type', 1, 9, '08'],
  ])('refuses %s with its own code', async (_, command, type, code) => {
    expect(await answerTo(...login(), 5, command, 0, type, 10, 1, 0, 3, 0, 80)).toMatch(new RegExp(`^0502010005${code}`));
  });

  it('refuses older versions', async () => {
    expect(await answerTo(4, 1, 0, 80, 10, 1, 0, 3, 0)).toBe('005b000000000000');
  });

  it('takes addresses of either family, a byte at a time', async () => {
    const socket = await dial();
    const request = Buffer.from('GET /slowly HTTP/1.0\r\n\r\n');
    for (const byte of [...login(), 5, 1, 0, 1, 10, 1, 0, 3, 0x1f, 0x90, ...request]) socket.write(Buffer.from([byte]));
    expect(await readAll(socket)).toContain('GET /slowly');
    const other = await dial();
    other.write(Buffer.from([...login(), 5, 1, 0, 4, ...Array.from({ length: 15 }, () => 0), 1, 0, 80]));
    await expect(readAll(other)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await mesh.logged('direction="outbound"', 'loopback')).toContain('error');
  });

  it('takes everything in one write, with what the client sends next', async () => {
    const socket = await dial();
    const request = Buffer.from('GET /at-once HTTP/1.0\r\n\r\n');
    socket.write(Buffer.from([...login(), 5, 1, 0, 1, 10, 1, 0, 3, 0x1f, 0x90, ...request]));
    const answer = await readAll(socket);
    expect(Buffer.from(answer.slice(0, 14), 'latin1').toString('hex')).toBe('0502010005000001000000000000');
    expect(answer).toContain('GET /at-once');
  });

  it('ends a client that says nothing sensible', async () => {
    const socket = await dial();
    socket.end();
    await once(socket.resume(), 'close');
  });
});

it('a client that does not say where to go is ended after 10 s, however it began', { timeout: 30_000 }, async () => {
  const beginnings = ['', '\u0005', '\u0005\u0001\u0002\u0001', 'CONNECT server.shop:80 HTTP/1.1\r\nhost: x\r\n'];
  const sockets = await Promise.all(beginnings.map(() => dial()));
  await Promise.all(
    sockets.map((socket, at) => {
      if (beginnings[at] !== '') socket.write(beginnings[at] ?? '', 'latin1');
      return closed(socket.resume());
    }),
  );
});

describe('HTTP on the same port', () => {
  async function exchange(request: string): Promise<string> {
    const socket = await dial();
    socket.write(request);
    return readAll(socket);
  }
  const basic = (user: string) => `proxy-authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`;

  it('tells a client that wants its requests forwarded what to use instead', async () => {
    const answer = await exchange('GET http://server.shop/ HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 501 /);
    expect(answer).toContain('socks5h://');
  });

  it('opens a tunnel for whoever presents the credential', async () => {
    const answer = await exchange(
      `CONNECT server.shop:80 HTTP/1.1\r\nhost: x\r\n${basic('shop/client')}\r\nGET /tunnel HTTP/1.0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('GET /tunnel');
  });

  it.each([
    ['no credential', ''],
    ["another workload's", basic('shop/other')],
    ['garbage', 'proxy-authorization: Basic ====\r\n'],
    ['another scheme', 'proxy-authorization: Bearer x\r\n'],
  ])('answers 407 to %s', async (_, header) => {
    const answer = await exchange(`CONNECT server.shop:80 HTTP/1.1\r\nhost: x\r\n${header}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 407 /);
  });

  it.each(['server.shop', 'server.shop:0', 'server.shop:65536', 'server shop:80', '::1:80'])(
    'answers 400 to the target `%s`',
    async (target) => {
      expect(await exchange(`CONNECT ${target} HTTP/1.1\r\nhost: x\r\n${basic('shop/client')}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
});

describe('curl', async () => {
  const available = (await run('--version')).status === 0;
  const options = { skip: !available };

  function proxy(workload: string, scheme = 'socks5h'): string[] {
    const url = `${scheme}://${encodeURIComponent(workload)}:${encodeURIComponent(password)}@${mesh.socketOf(workload)}:15080`;
    return ['--proxy', url, ...(scheme === 'http' ? ['--proxytunnel'] : [])];
  }

  it.each(['socks5h', 'http'])('gets an answer through %s (skipped where there is no curl)', options, async (scheme) => {
    const { status, output } = await run(...proxy('shop/client', scheme), 'http://server.shop/hello');
    expect({ status, output }).toEqual({ status: 0, output: 'GET /hello\n' });
  });

  it.each(['socks5h', 'http'])(
    'ends with 56 when plain HTTP is denied through %s (skipped where there is no curl)',
    options,
    async (scheme) => {
      expect((await run(...proxy('shop/other', scheme), 'http://server.shop/')).status).toBe(56);
    },
  );

  it('ends with 56 when nothing is there (skipped where there is no curl)', options, async () => {
    expect((await run(...proxy('shop/client'), 'http://nothing.shop/')).status).toBe(56);
  });

  it('ends with 35 when TLS is denied (skipped where there is no curl)', options, async () => {
    expect((await run(...proxy('shop/other'), '--insecure', 'https://secure.shop/')).status).toBe(35);
    expect((await run(...proxy('shop/client'), '--insecure', 'https://secure.shop/')).status).toBe(0);
  });

  function run(...args: readonly string[]): Promise<{ status: number; output: string }> {
    return new Promise((resolve) => {
      execFile('curl', ['--silent', '--show-error', '--max-time', '10', ...args], (error, output) => {
        resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output });
      });
    });
  }
});
