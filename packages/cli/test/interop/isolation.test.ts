import { chmod, chown, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curl, type Outcome, type UpMesh, Workshop } from '../commands/local-mesh.js';
import { admits, folder, waypoint, workloads } from '../commands/manifests.js';

/** Someone without an entry among the users, as containers have them. */
const owner = 54_321;

const more = `
apiVersion: v1
kind: Pod
metadata:
  name: plain
  labels: {app: plain}
  annotations: {sallyport/run: exec node app.mjs}
spec: {serviceAccountName: plain, containers: [{name: main, image: none, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {selector: {app: plain}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: guarded, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
`;

describe.skipIf(process.env.SALLYPORT_ISOLATION === undefined)('a mesh whose workloads have networks of their own', () => {
  let workshop: Workshop;
  let mesh: UpMesh;
  const as = (workload: string, ...command: string[]): Promise<Outcome> => mesh.exec(workload, command);
  const addressOf = async (key: string): Promise<string> => {
    const found = (await mesh.status()).workloads.find((workload) => workload.key === key);
    if (found === undefined) throw new Error(`no workload ${key}`);
    return found.address;
  };

  beforeAll(async () => {
    workshop = await Workshop.open();
    await chmod(workshop.directory, 0o755);
    const policies = `${admits('sleep')}---${admits('waypoint')}`;
    const guard = waypoint.replace('name: httpbin', 'name: guarded');
    const files = { ...folder, 'workloads.yaml': `${workloads}---${more}---${guard}`, 'policy.yaml': policies };
    const path = await workshop.folder('mesh', files);
    await chown(path, owner, owner);
    mesh = await workshop.up(path, ['--isolate']);
  });
  afterAll(() => workshop.close());

  test('says so, and whom commands run as', async () => {
    const { isolation, commandUser } = await mesh.status();
    expect({ isolation, commandUser }).toMatchObject({ isolation: 'namespaces', commandUser: { uid: owner } });
  });

  describe('an unmodified program', () => {
    test('curl is judged by the ztunnel', async () => {
      expect(await as('sleep', 'curl', '-sS', 'http://httpbin:8000/x')).toMatchObject({ status: 0, stdout: 'hello /x\n' });
      expect(await as('stranger', 'curl', '-sS', 'http://httpbin:8000/x')).toMatchObject({ status: 56, stdout: '' });
    });

    test('curl is judged by the waypoint', async () => {
      const code = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}'];
      expect((await as('sleep', ...code, 'http://guarded:8000/public/x')).stdout).toBe('200');
      expect((await as('sleep', ...code, 'http://guarded:8000/other')).stdout).toBe('403');
      expect((await as('stranger', ...code, 'http://guarded.default.svc.cluster.local:8000/public/x')).stdout).toBe('403');
    });

    test('the fetch of Node.js is', async () => {
      const script =
        "fetch('http://httpbin:8000/f').then((r) => r.text()).then(console.log, (e) => console.log('no', e.cause?.code))";
      expect((await as('sleep', process.execPath, '-e', script)).stdout).toBe('hello /f\n\n');
      expect((await as('stranger', process.execPath, '-e', script)).stdout).toContain('no ');
    });

    test('a port below 1024 is opened without privileges', async () => {
      expect(await as('stranger', 'curl', '-sS', 'http://plain/p')).toMatchObject({ status: 0, stdout: 'hello /p\n' });
    });
  });

  describe('nothing reaches a workload around its ztunnel', () => {
    test('not by its address, at whatever port', async () => {
      const address = await addressOf('default/httpbin');
      for (const port of [8000, 15001, 15006, 15008, 15020, 15021, 15053, 15080, 22]) {
        const { status, stdout } = await as('stranger', 'curl', '-sS', '-m', '5', `http://${address}:${port}/`);
        expect({ port, status, stdout }).toEqual({ port, status: 56, stdout: '' });
      }
    });

    test('not from this machine', async () => {
      // Whoever has this address in the network outside may answer; the application does not.
      const { stdout } = await curl(`http://${await addressOf('default/httpbin')}:8000/`);
      expect(stdout).not.toContain('hello');
    });
  });

  test('a command has no capability, no way to one, and sees no process but its own', async () => {
    const { stdout } = await as('sleep', 'sh', '-c', 'grep -E "^(Uid|Groups|NoNewPrivs|Cap)" /proc/self/status; ls /proc');
    expect(stdout).toContain(`Uid:\t${owner}\t${owner}\t${owner}\t${owner}`);
    expect(stdout).toContain('NoNewPrivs:\t1');
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(stdout).toContain(`Cap${set}:\t0000000000000000`);
    const processes = stdout.split('\n').filter((line) => /^\d+$/.test(line));
    expect(processes.length).toBeLessThan(6);
  });

  test('when it ends, nothing is left of it', async () => {
    await mesh.end();
    const left = (await readdir('/run/netns')).filter((name) => name.includes('.default.'));
    expect(left.filter((name) => name.startsWith('sallyport.mesh-'))).toEqual([]);
    expect(await readFile('/proc/net/dev', 'utf8')).not.toContain('sallyport');
  });
});
