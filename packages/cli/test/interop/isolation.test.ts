import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { meshId } from '../../src/state/runtime-directory.js';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { curl } from '../commands/local-mesh.js';
import { canIsolate, type IsolatedMesh, isolatedMesh, owner, python3 } from './isolated-mesh.js';

/** curl as people call it. */
const get = ['curl', '-sS', '-m', '10'];
const code = [...get, '-o', '/dev/null', '-w', '%{http_code}'];

/** A Python expression that prints what a socket does: an answer, or the name of the error. */
const attempt = (lines: string) => `
import socket, ctypes, os, sys
def attempt():
${lines.replaceAll(/^/gm, '    ')}
try: print('result', attempt())
except OSError as e: print('error', e.errno)
`;

describe.skipIf(!canIsolate)('a mesh whose workloads have networks of their own', () => {
  let isolated: IsolatedMesh;
  const as: IsolatedMesh['as'] = (...args) => isolated.as(...args);
  const python: IsolatedMesh['python'] = (...args) => isolated.python(...args);

  beforeAll(async () => {
    isolated = await isolatedMesh();
  });
  afterAll(() => isolated.workshop.close());

  test('says so, and whom commands run as', async () => {
    const { isolation, commandUser } = await isolated.mesh.status();
    expect({ isolation, commandUser }).toMatchObject({ isolation: 'namespaces', commandUser: { uid: owner } });
  });

  describe('an unmodified program', () => {
    test('curl is judged by the ztunnel', async () => {
      expect(await as('sleep', ...get, 'http://httpbin:8000/x')).toMatchObject({ status: 0, stdout: 'hello /x\n' });
      expect(await as('stranger', ...get, 'http://httpbin:8000/x')).toMatchObject({ status: 56, stdout: '' });
    });

    test('curl is judged by the waypoint', async () => {
      expect((await as('sleep', ...code, 'http://guarded:8000/public/x')).stdout).toBe('200');
      expect((await as('sleep', ...code, 'http://guarded:8000/other')).stdout).toBe('403');
      expect((await as('stranger', ...code, 'http://guarded.default.svc.cluster.local:8000/public/x')).stdout).toBe('403');
    });

    test('the fetch of Node.js is', async () => {
      const script = (url: string) =>
        `fetch('${url}').then((r) => r.text()).then(console.log, (e) => console.log('no', e.cause?.code))`;
      const node = (url: string) => [process.execPath, '-e', script(url)] as const;
      expect((await as('sleep', ...node('http://httpbin:8000/f'))).stdout).toBe('hello /f\n\n');
      expect((await as('stranger', ...node('http://httpbin:8000/f'))).stdout).toContain('no ');
    });

    test('Python is, over a plain socket', async () => {
      const dial = attempt(
        "s = socket.create_connection(('httpbin', 8000), 5)\ns.send(b'GET /s HTTP/1.0\\r\\n\\r\\n')\nreturn s.recv(9)",
      );
      expect(await python('sleep', dial)).toContain('HTTP/1.1');
      expect(await python('stranger', dial)).toBe('error 104');
    });

    test('opens a port below 1024 without privileges, and over IPv6 as well', async () => {
      expect(await as('stranger', ...get, 'http://plain/p')).toMatchObject({ status: 0, stdout: 'hello /p\n' });
      const script =
        "import { createServer } from 'node:http'; createServer((q, a) => a.end('six ' + q.socket.remoteAddress)).listen(88, '::');";
      const server = `${process.execPath} --input-type=module -e "${script}" & sleep 1; curl -sS -g 'http://[fd07::6]:88/'; kill %1`;
      expect((await as('six', 'sh', '-c', server)).stdout).toBe('six fd07::6');
    });

    test('is captured over IPv6', async () => {
      expect(await as('plain', ...get, '-g', 'http://[fd07::6]:9/')).toMatchObject({ status: 56 });
      expect(await as('six', ...get, '-g', 'http://[fd07::7]/p')).toMatchObject({ status: 0, stdout: 'hello /p\n' });
    });

    test('of a workload without a ztunnel reaches what admits plaintext, and is judged where it is not', async () => {
      expect(await as('bare/web', ...get, 'http://plain.default/b')).toMatchObject({ stdout: 'hello /b\n' });
      expect(await as('bare/web', ...get, 'http://httpbin.default:8000/b')).toMatchObject({ status: 56, stdout: '' });
      expect(await as('sleep', ...get, `http://${await isolated.addressOf('bare/web')}:8080/b`)).toMatchObject({
        stdout: 'hello /b\n',
      });
    });

    test('gets its standard input, and its exit status is passed on', async () => {
      expect(await isolated.mesh.exec('sleep', ['sh', '-c', 'cat; exit 7'], 'in')).toMatchObject({ status: 7, stdout: 'in' });
      expect((await as('sleep', 'sh', '-c', 'kill -TERM $$')).status).toBe(143);
      expect((await as('sleep', 'no-such-command')).status).toBe(127);
    });
  });

  test('an application sees the address of its client', async () => {
    const script =
      "import { createServer } from 'node:net'; createServer((s) => s.end(s.remoteAddress)).listen(99, process.argv[1]);";
    const address = await isolated.addressOf('default/plain');
    const server = as('plain', 'timeout', '8', process.execPath, '--input-type=module', '-e', script, address);
    await expect
      .poll(async () => (await as('sleep', ...get, `telnet://${address}:99`)).stdout, { timeout: 7000 })
      .toBe(await isolated.addressOf('default/sleep'));
    await server;
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  test.skipIf(outside === undefined)('what is outside the mesh is reached through the gate', async () => {
    const server = createServer((_, response) => response.end('outside'));
    server.listen(0, outside);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await as('sleep', ...get, `http://${outside}:${port}/`)).toMatchObject({ stdout: 'outside' });
    server.close();
  });

  test('a gateway answers this machine, and leads into the mesh', async () => {
    const gateway = (await isolated.mesh.status()).gates.find(({ kind }) => kind === 'gateway');
    expect(await curl(`http://${gateway?.address}:8088/g`)).toMatchObject({ stdout: 'hello /g\n' });
    expect(await as('stranger', ...get, `http://${gateway?.policyAddress}:8088/g`)).toMatchObject({ stdout: 'hello /g\n' });
  });

  describe('nothing reaches a workload around its ztunnel', () => {
    test('not by its address, at whatever port, the gates’ own included', async () => {
      const address = await isolated.addressOf('default/httpbin');
      for (const port of [8000, 15001, 15006, 15008, 15020, 15021, 15053, 15080, 22]) {
        const { status, stdout } = await as('stranger', ...get, `http://${address}:${port}/`);
        expect({ port, status, stdout }).toEqual({ port, status: 56, stdout: '' });
      }
    });

    test('not from this machine', async () => {
      // Whoever has this address in the network outside may answer; the application does not.
      const { stdout } = await curl(`http://${await isolated.addressOf('default/httpbin')}:8000/`);
      expect(stdout).not.toContain('hello');
    });

    test('the ports of its own gate do not serve it', async () => {
      const own = await isolated.addressOf('default/stranger');
      for (const host of ['127.0.0.1', own])
        for (const port of [15001, 15006, 15008, 15053]) {
          const { stdout, status } = await as('stranger', ...get, `http://${host}:${port}/`);
          expect({ host, port, stdout, failed: status !== 0 }).toEqual({ host, port, stdout: '', failed: true });
        }
    });

    test.each([
      ['link-local addresses', 'http://169.254.169.254/'],
      ['the router', 'http://169.254.1.1/'],
      ['loopback addresses of this machine', 'http://127.1.2.3/'],
      ['the waypoint behind it', 'http://waypoint:15008/'],
    ])('%s are closed to it', async (_, url) => {
      const { stdout, status } = await as('stranger', ...get, url);
      expect({ stdout, failed: status !== 0 }).toEqual({ stdout: '', failed: true });
    });

    test('what its resolver is asked is counted', async () => {
      await as('stranger', 'getent', 'hosts', 'httpbin');
      const gate = (await isolated.mesh.status()).gates.find(({ name }) => name === 'ztunnel-source');
      const metrics = await (await fetch(gate?.metrics ?? '')).text();
      expect(metrics).toMatch(/^istio_dns_requests_total\{[^}]*source_canonical_service="stranger"[^}]*\} [1-9]/m);
    });

    test('the metrics of gates are out of reach', async () => {
      const [gate] = (await isolated.mesh.status()).gates;
      const { stdout, status } = await as('stranger', ...get, gate?.metrics ?? '');
      expect({ stdout, failed: status !== 0 }).toEqual({ stdout: '', failed: true });
    });

    test.each<[string, string, number, string?]>([
      ['UDP', "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', (sys.argv[1], 9))", 1],
      ['UDP over IPv6', "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\ns.sendto(b'x', ('fd07::7', 9))", 1, 'six'],
      [
        'broadcast',
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.setsockopt(1, 6, 1)\ns.sendto(b'x', ('255.255.255.255', 9))",
        1,
      ],
      [
        'ICMP',
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)\ns.sendto(b'\\x08\\0\\0\\0\\0\\0\\0\\0', (sys.argv[1], 0))",
        13,
      ],
      ['a raw socket', 'socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)', 1],
      ['a packet socket', 'socket.socket(socket.AF_PACKET, socket.SOCK_RAW)', 1],
      ['the mark of a gate', 's = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, 36, 0x539)', 1],
      ['a transparent socket', 's = socket.socket()\ns.setsockopt(0, 19, 1)', 1],
      [
        'the address of another workload',
        's = socket.socket()\ns.setsockopt(0, 15, 1)\ns.bind((sys.argv[2], 0))\ns.connect((sys.argv[1], 8000))',
        101,
      ],
      [
        'another network namespace',
        `
def enter(name):
    if ctypes.CDLL(None, use_errno=True).setns(os.open('/run/netns/' + name, 0), 0x40000000): raise OSError(ctypes.get_errno(), name)
[enter(name) for name in os.listdir('/run/netns') if 'httpbin' in name]`.trim(),
        1,
      ],
    ])('%s gives it nothing', async (_, lines, errno, workload = 'stranger') => {
      const httpbin = await isolated.addressOf('default/httpbin');
      const sleep = await isolated.addressOf('default/sleep');
      const { stdout } = await as(workload, python3, '-c', attempt(lines), httpbin, sleep);
      expect(stdout.trim()).toBe(`error ${errno}`);
    });

    test('a namespace of users that it makes has no power over its network', async () => {
      const { stdout } = await as(
        'stranger',
        'sh',
        '-c',
        'unshare -Ur ip link set eth0 down 2>&1; unshare -Ur nft flush ruleset 2>&1; true',
      );
      expect(stdout).not.toBe('');
      expect(await as('stranger', ...get, 'http://httpbin:8000/')).toMatchObject({ status: 56, stdout: '' });
    });
  });

  describe('names', () => {
    const resolve = (workload: string, host: string) => as(workload, 'getent', 'ahosts', host);

    test('of the mesh are the workload’s own to resolve, short ones included', async () => {
      const services = ['httpbin', 'httpbin.default', 'httpbin.default.svc', 'httpbin.default.svc.cluster.local.'];
      const answers = await Promise.all(services.map(async (name) => (await resolve('sleep', name)).stdout.split(/\s/)[0]));
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^10\./);
      expect((await resolve('bare/web', 'httpbin')).status).not.toBe(0);
    });

    test('of a wildcard host reach the gate as they are', async () => {
      expect((await resolve('sleep', 'x.wild.invalid')).stdout).toMatch(/^242\./);
      const since = isolated.mesh.events.length;
      expect(await as('sleep', ...get, 'http://x.wild.invalid/')).toMatchObject({ status: 56, stdout: '' });
      const isLine = (event: MeshEvent): event is Extract<MeshEvent, { event: 'line' }> =>
        event.event === 'line' && event.line.includes('dst.addr=x.wild.invalid:80');
      expect((await isolated.mesh.find(isLine, since)).line).toContain('wild');
    });

    test('are asked of the mesh, whichever resolver a program means to ask', async () => {
      const query = `
import socket, struct
q = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\x07httpbin\\x07default\\x03svc\\x07cluster\\x05local\\0' + struct.pack('>2H', 1, 1)
for server in ['8.8.8.8', '127.0.0.53', '169.254.1.1']:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(q, (server, 53)); d = s.recv(512)
    t = socket.create_connection((server, 53), 5); t.send(struct.pack('>H', len(q)) + q); e = t.recv(512)[2:]
    print(d[3] & 15, d[7], e[3] & 15, e[7])`;
      expect(await python('stranger', query)).toBe('0 1 0 1\n0 1 0 1\n0 1 0 1');
    });
  });

  describe('a command', () => {
    test('has no capability, no way to one, and sees no process but its own', async () => {
      const { stdout } = await as('sleep', 'sh', '-c', 'grep -E "^(Uid|Groups|NoNewPrivs|Cap)" /proc/self/status; ls /proc');
      expect(stdout).toContain(`Uid:\t${owner}\t${owner}\t${owner}\t${owner}`);
      expect(stdout).toContain('NoNewPrivs:\t1');
      for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(stdout).toContain(`Cap${set}:\t0000000000000000`);
      expect(stdout.split('\n').filter((line) => /^\d+$/.test(line)).length).toBeLessThan(6);
    });

    test('cannot read a key, of the authority or of a gate, nor trace one', async () => {
      const state = join(isolated.workshop.directory, 'sallyport-0', await meshId(isolated.mesh.folder));
      expect(await readFile(join(state, 'ca', 'root-key.pem'), 'utf8')).toContain('PRIVATE KEY');
      const pids = (await isolated.mesh.status()).gates.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
      const script = `cat ${state}/ca/root-key.pem ${state}/mesh.json ${state}/control.sock; ls ${state}
for pid in ${pids.join(' ')}; do cat /proc/$pid/environ /proc/$pid/mem; ls /proc/$pid/fd/ /proc/$pid/root/; kill -STOP $pid; done`;
      expect((await as('sleep', 'sh', '-c', script)).stdout).toBe('');
      const trace = (pid: number) =>
        attempt(`if ctypes.CDLL(None, use_errno=True).ptrace(16, ${pid}, 0, 0): raise OSError(ctypes.get_errno(), '')`);
      for (const pid of pids) expect(await python('sleep', trace(pid))).toBe('error 3');
      // The same user outside of all namespaces, who does see the processes.
      const outside = spawn('sh', ['-c', script], { uid: owner, gid: owner, stdio: ['ignore', 'pipe', 'ignore'] });
      const [stdout] = await Promise.all([text(outside.stdout), once(outside, 'close')]);
      expect(stdout).toBe('');
    });

    test('has no terminal to type into, as it is not of whoever has that', async () => {
      // script(1) gives exec a terminal, and with it the command, if it were let.
      const bin = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.js');
      const command = `${process.execPath} ${bin} exec --mesh ${isolated.mesh.folder} sleep -- sh -c "tty; : < /dev/tty && echo typed"`;
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        env: isolated.workshop.environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
      expect(out).toContain('/dev/pts/');
      expect(out).not.toContain('typed');
    });

    test('that got a signal through exec ends', async () => {
      const { SALLYPORT_BIN: _, ...environment } = isolated.workshop.environment;
      const bin = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.js');
      const script = 'trap "echo told; exit 9" TERM; echo ready; while :; do sleep 0.05; done';
      const args = [bin, 'exec', '--mesh', isolated.mesh.folder, 'sleep', '--', 'sh', '-c', script];
      const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      await once(child.stdout, 'readable');
      child.kill('SIGTERM');
      const out = await text(child.stdout);
      expect({ out, status: (await closed)[0] }).toEqual({ out: 'ready\ntold\n', status: 9 });
    });
  });
});
