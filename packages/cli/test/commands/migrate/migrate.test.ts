import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { folderOf, sallyport } from '../explain-and-check/sallyport.js';

const example = new URL('../../../../../examples/service-roles/', import.meta.url);
const files = Object.fromEntries(['mesh.yaml', 'roles.yaml'].map((name) => [name, readFileSync(new URL(name, example), 'utf8')]));
const roles = files['roles.yaml'] ?? '';

let folder: Awaited<ReturnType<typeof folderOf>> | undefined;
afterEach(async () => {
  await folder?.remove();
  folder = undefined;
});

async function migrate(texts: Readonly<Record<string, string>>, ...args: readonly string[]) {
  folder = await folderOf(texts);
  return sallyport(['migrate', '.', ...args], { cwd: folder.path });
}

describe('sallyport migrate', () => {
  it('prints the policies alone, and how each gate was compared beside them', async () => {
    const { status, stdout, stderr } = await migrate(files);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^# RBAC was on/);
    expect(stdout).toContain('# the shop itself');
    expect(stdout).toContain('request.headers[:path]');
    expect(stderr).toMatch(/^waypoint shop\/gate for Service .*: the same for all \d+ combinations of values$/m);
    expect(stderr).toContain('3 policies written: every gate answers as before');
  });

  it('writes policies that check finds nothing invalid in, in the place of the roles', async () => {
    const { stdout } = await migrate(files);
    await folder?.remove();
    folder = await folderOf({ 'mesh.yaml': files['mesh.yaml'] ?? '', 'policies.yaml': stdout });
    const checked = await sallyport(['check', '-o', 'json', '.'], { cwd: folder.path });
    const { diagnostics, policies } = JSON.parse(checked.stdout);
    expect(policies).toBe(3);
    expect(diagnostics.filter(({ kind }: { kind: string }) => kind === 'invalid')).toEqual([]);
  });

  it('exits 1 and writes nothing where something has no equal, and says what and where', async () => {
    const refused = roles.replace('user: cluster.local/ns/shop/sa/web', 'group: admins');
    const { status, stdout, stderr } = await migrate({ ...files, 'roles.yaml': refused });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^roles\.yaml:21:7: error migrate-attribute: no RequestAuthentication/m);
    expect(stderr).toContain('nothing written');
  });

  it('exits 1 on invalid input', async () => {
    const { status, stdout, stderr } = await migrate({ ...files, 'roles.yaml': roles.replace('methods:', 'methodz:') });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('roles.yaml:13:');
  });

  it('writes a file into the folder of --out, and leaves one alone that is there', async () => {
    const first = await migrate(files, '--out', 'migrated');
    expect([first.status, first.stdout]).toEqual([0, '']);
    const path = join(folder?.path ?? '', 'migrated', 'authorization-policies.yaml');
    const written = await readFile(path, 'utf8');
    expect(written).toContain('kind: AuthorizationPolicy');
    const again = await sallyport(['migrate', 'mesh.yaml', 'roles.yaml', '--out', 'migrated'], { cwd: folder?.path ?? '' });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('it is there already');
    expect(await readFile(path, 'utf8')).toBe(written);
  });

  it('prints JSON', async () => {
    const { status, stdout } = await migrate(files, '-o', 'json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ok: true, refusals: [], warnings: [{ code: 'migrate-later-services' }] });
    expect(result.policies).toContainEqual({ namespace: 'shop', name: 'reader-cart' });
    expect(result.gates.map(({ difference }: { difference: unknown }) => difference)).toEqual([null, null]);
  });

  it('exits 2 on wrong usage', async () => {
    expect((await migrate(files, '--force')).status).toBe(2);
  });
});
