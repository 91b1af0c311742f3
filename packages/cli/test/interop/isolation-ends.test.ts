import { existsSync } from 'node:fs';
import { chmod, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { type Outcome, Workshop } from '../commands/local-mesh.js';
import { admits, folder } from '../commands/manifests.js';
import { canIsolate, type IsolatedMesh, isolatedMesh, python3 } from './isolated-mesh.js';

const get = ['curl', '-sS', '-m', '5'];
const url = 'http://httpbin:8000/x';

/** The namespaces that there are of meshes called `mesh`. */
async function namespaces(): Promise<string[]> {
  return (await readdir('/run/netns').catch((): string[] => [])).filter((name) => name.startsWith('sallyport.mesh-'));
}

describe.skipIf(!canIsolate)('an isolated mesh of which something ends', () => {
  let isolated: IsolatedMesh;
  const { as } = { as: (...args: Parameters<IsolatedMesh['as']>) => isolated.as(...args) };
  beforeEach(async () => {
    isolated = await isolatedMesh();
  });
  afterEach(() => isolated.workshop.close());

  async function pidOf(gate: string): Promise<number> {
    const pid = (await isolated.mesh.status()).gates.find(({ name }) => name === gate)?.pid;
    if (pid === undefined) throw new Error(`no ${gate}`);
    return pid;
  }

  /** Requests that policy denies, one after the other, for as long as `work` takes; resolves with what came through. */
  async function whileDenying(work: () => Promise<void>): Promise<Outcome[]> {
    const through: Outcome[] = [];
    let over = false;
    const address = await isolated.addressOf('default/httpbin');
    const script = `for i in $(seq 500); do curl -s -m 2 http://${address}:8000/ || sleep 0.02; done`;
    const probing = (async () => {
      do {
        const outcome = await as('stranger', 'timeout', '3', 'sh', '-c', script);
        if (outcome.stdout.includes('hello')) through.push(outcome);
      } while (!over);
    })();
    await work();
    over = true;
    await probing;
    return through;
  }

  const recovered = () =>
    expect.poll(async () => (await as('sleep', ...get, url)).stdout, { timeout: 30_000, interval: 100 }).toBe('hello /x\n');

  test.each(['ztunnel-source', 'ztunnel-destination', 'waypoint default/waypoint'])(
    'no way is open when %s is killed, and it recovers',
    async (name) => {
      const pid = await pidOf(name);
      const through = await whileDenying(async () => {
        process.kill(pid, 'SIGKILL');
        await isolated.mesh.find(
          (event): event is Extract<MeshEvent, { event: 'gate' }> => event.event === 'gate' && event.what === 'restarted',
        );
        await recovered();
      });
      expect(through).toEqual([]);
    },
  );

  test('a workload cannot take the place of its gate when that is gone', async () => {
    // Stopped, the supervisor starts no new gate.
    const supervisor = isolated.mesh.supervisor.pid ?? 0;
    const destination = await pidOf('ztunnel-destination');
    process.kill(supervisor, 'SIGSTOP');
    try {
      process.kill(destination, 'SIGKILL');
      const script = `
import socket
for port in (15001, 15006, 15008, 15053, 15080):
    for host in ('0.0.0.0', '10.7.0.7', '127.0.0.1'):
        for kind, name in ((socket.SOCK_STREAM, 'tcp'), (socket.SOCK_DGRAM, 'udp')):
            s = socket.socket(socket.AF_INET, kind); s.setsockopt(1, 2, 1); s.setsockopt(1, 15, 1)
            try: s.bind((host, port)); print(name, port, host)
            except OSError: pass`;
      const got = (await isolated.mesh.exec('plain', [python3, '-c', script])).stdout.trim().split('\n');
      // UDP is no way in; of it the gate has only the resolver's port, on the loopback address.
      expect(got.filter((line) => line.startsWith('tcp'))).toEqual([]);
      expect(got).not.toContain('udp 15053 0.0.0.0');
      expect(got).not.toContain('udp 15053 127.0.0.1');
      expect((await as('sleep', ...get, 'http://10.7.0.7/')).stdout).toBe('');
    } finally {
      process.kill(supervisor, 'SIGCONT');
    }
    await recovered();
  });

  test('without a supervisor the gates go on, and the next up takes over', async () => {
    isolated.mesh.supervisor.kill('SIGKILL');
    await isolated.mesh.ended;
    expect((await as('sleep', ...get, url)).stdout).toBe('hello /x\n');
    expect(await as('stranger', ...get, url)).toMatchObject({ status: 56, stdout: '' });
    const again = await isolated.workshop.up(isolated.mesh.folder, ['--isolate']);
    expect((await again.exec('sleep', [...get, url])).stdout).toBe('hello /x\n');
    expect((await again.exec('stranger', [...get, url])).stdout).toBe('');
    await again.end();
    expect(await namespaces()).toEqual([]);
  });

  test('down removes what is left when everything was killed, commands with it', async () => {
    const { gates, workloads } = await isolated.mesh.status();
    const marker = join(isolated.mesh.folder, 'marker.txt');
    const running = isolated.mesh.exec('sleep', ['sh', '-c', `: > ${marker}; exec sleep 600`]);
    await expect.poll(() => existsSync(marker), { timeout: 20_000 }).toBe(true);
    const pids = [
      ...gates.flatMap(({ pid }) => pid ?? []),
      ...workloads.flatMap(({ application }) => (application.state === 'running' ? [application.pid] : [])),
    ];
    for (const pid of [isolated.mesh.supervisor.pid ?? 0, ...pids]) process.kill(pid, 'SIGKILL');
    await isolated.mesh.ended;
    expect(await namespaces()).not.toEqual([]);
    const { stdout, status } = await isolated.workshop.run(['down', isolated.mesh.folder]);
    expect({ stdout, status }).toMatchObject({ status: 0 });
    expect(await namespaces()).toEqual([]);
    expect((await running).status).not.toBe(0);
  });

  test('Ctrl-C removes everything, what a command left in the background included', async () => {
    await as('sleep', 'sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 </dev/null &');
    isolated.mesh.supervisor.kill('SIGINT');
    expect((await isolated.mesh.ended).status).toBe(0);
    expect(await namespaces()).toEqual([]);
  });

  test('workloads come and go with the folder', async () => {
    const before = await namespaces();
    const file = join(isolated.mesh.folder, 'new.yaml');
    const pod = `
apiVersion: v1
kind: Pod
metadata: {name: late, labels: {app: late}}
spec: {serviceAccountName: sleep, containers: [{name: main, image: none}]}
status: {podIP: 10.7.0.9}
`;
    const put = async (text: string): Promise<void> => {
      const since = isolated.mesh.events.length;
      await writeFile(`${file}.part`, text);
      await rename(`${file}.part`, file);
      await isolated.mesh.next('changed', since);
    };
    await put(pod);
    expect((await as('late', ...get, url)).stdout).toBe('hello /x\n');
    // Another address is another namespace.
    await put(pod.replace('10.7.0.9', '10.7.0.10'));
    expect((await as('late', ...get, url)).stdout).toBe('hello /x\n');
    expect(await isolated.addressOf('default/late')).toBe('10.7.0.10');
    await put('# nothing\n');
    expect((await namespaces()).sort()).toEqual(before.sort());
    // A change that is refused leaves nothing behind.
    const since = isolated.mesh.events.length;
    await writeFile(file, 'kind: [');
    await isolated.mesh.next('refused', since);
    expect((await namespaces()).sort()).toEqual(before.sort());
  });
});

describe.skipIf(!canIsolate)('where a mesh cannot be isolated', () => {
  const asUser = async (uid: number | undefined, environment: NodeJS.ProcessEnv, ...options: string[]) => {
    const workshop = await Workshop.open(uid);
    try {
      const path = await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') });
      return await workshop.run(['up', '--isolate', ...options, path, '--', 'true'], { environment });
    } finally {
      await workshop.close();
    }
  };

  test('it says what is missing, and how to go on without', async () => {
    const { status, stderr } = await asUser(12_345, {});
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toMatch(
      /--isolate is not possible here: it takes root \(run it with sudo\)\n {2}hint: without it, `sallyport up .*` starts the same mesh/,
    );
  });

  test('the package that calls into the system is missed only here', async () => {
    const environment = { NODE_OPTIONS: '--no-addons' };
    expect((await asUser(undefined, environment)).stderr).toContain('the optional npm package `koffi`');
    const workshop = await Workshop.open();
    const path = await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') });
    expect(await workshop.run(['up', '-q', path, '--', 'true'], { environment })).toMatchObject({ status: 0 });
    await workshop.close();
  });

  test('commands do not run as root, or as someone who cannot read the folder', async () => {
    expect((await asUser(undefined, {}, '--user', 'root')).stderr).toContain('do not run as root');
    expect((await asUser(undefined, {}, '--user', 'no-such-user')).stderr).toContain('there is no user `no-such-user` here');
    expect((await asUser(undefined, { SUDO_UID: '54321' })).stderr).toContain(
      'user 54321, whom commands are to run as, cannot read',
    );
  });

  test('whoever calls sudo is whom commands run as', async () => {
    const workshop = await Workshop.open();
    await chmod(workshop.directory, 0o755);
    const path = await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') });
    const command = ['up', '--isolate', path, '--', 'true'];
    const { stderr, status } = await workshop.run(command, { environment: { SUDO_UID: '54321' } });
    expect({ stderr, status }).toMatchObject({ status: 0 });
    expect(stderr).toContain('commands run as 54321, 54321, who called sudo');
    await workshop.close();
  });
});
