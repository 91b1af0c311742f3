import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeshEvent, MeshProcess } from '../../src/mesh-process.js';
import { hasCurl } from '../../src/seeds/curl.js';
import type { WorkloadShell } from '../../src/workload-shell.js';
import { application, httpKeys, type KeyUnderTest, pathOf, portOf, rolesMesh, tcpKeys } from './roles-mesh.js';

const silent = ['curl', '--silent', '--max-time', '20', '--output', '/dev/null', '--write-out', '%{http_code}'];

describe.skipIf(!hasCurl())('roles at real gates with real curl (skipped where there is no curl)', () => {
  let folder: string;
  let mesh: MeshProcess;
  let shells: Readonly<Record<'web' | 'batch', WorkloadShell>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-roles-'));
    await writeFile(join(folder, 'mesh.yaml'), rolesMesh());
    await writeFile(join(folder, 'app.mjs'), application);
    mesh = await MeshProcess.start(folder);
    shells = { web: mesh.shell('shop/web'), batch: mesh.shell('shop/batch') };
  });

  afterAll(async () => {
    for (const shell of Object.values(shells ?? {})) await shell.close();
    await mesh?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const send = ({ from = 'web', request = [] }: KeyUnderTest, url: string) => shells[from].run([...silent, ...request, url]);

  it.each(httpKeys.map((key, index) => [key.key, key.expect, index, key] as const))(
    'at an HTTP waypoint %s can %s (%i)',
    async (_, effect, index, key) => {
      const { stdout } = await send(key, `http://api.shop${pathOf(index)}`);
      expect(stdout).toBe(effect === 'allow' ? '200' : '403');
    },
  );

  it.each(tcpKeys.map((key, index) => [key.key, key.expect, index, key] as const))(
    'at a TCP waypoint %s can %s (%i)',
    async (_, effect, index, key) => {
      const { status, stdout } = await send(key, `http://api.shop:${portOf(index)}/`);
      if (effect === 'allow') expect({ status, stdout }).toEqual({ status: 0, stdout: '200' });
      else expect({ refused: status !== 0, stdout }).toEqual({ refused: true, stdout: '000' });
    },
  );

  it('past the waypoint a ztunnel grants what a role without HTTP fields grants, and nothing else', async () => {
    const open = tcpKeys.findIndex(({ key, expect: effect }) => key === 'services' && effect === 'allow');
    expect((await shells.web.run([...silent, `http://10.0.0.2:${portOf(open)}/`])).stdout).toBe('200');
    expect((await shells.web.run([...silent, 'http://10.0.0.2:8080/key-0'])).stdout).toBe('000');
  });

  it('a switch that is turned is in force at once', async () => {
    const turned = async (from: string, to: string) => {
      const changed = mesh.next(({ event }) => event === 'changed', 10_000);
      await writeFile(join(folder, 'mesh.yaml'), rolesMesh().replace(from, to));
      await changed;
      return (await shells.web.run([...silent, 'http://api.shop/nothing'])).stdout;
    };
    expect(await turned('ON_WITH_INCLUSION', 'OFF')).toBe('200');
    expect(await turned('"namespaces"', '"namespaces"')).toBe('403');
    const tried = '"enforcementMode":"PERMISSIVE","mode":"ON_WITH_INCLUSION"';
    expect(await turned('"mode":"ON_WITH_INCLUSION"', tried)).toBe('200');
    expect(await turned('"namespaces"', '"namespaces"')).toBe('403');
  });

  it('the log of a denial names what turned RBAC on, and where that is written', async () => {
    const denied = (event: MeshEvent) => event.event === 'line' && event.line.includes('no-role-match');
    const logged = mesh.next(denied, 5_000);
    await shells.web.run([...silent, 'http://api.shop/nothing']);
    expect(await logged).toMatchObject({ line: expect.stringContaining('ClusterRbacConfig') });
    expect(await logged).toMatchObject({ line: expect.stringMatching(/mesh\.yaml:\d+:\d+/) });
  });
});
