import { afterEach, describe, expect, it } from 'vitest';
import { files, folderOf, sallyport } from './sallyport.js';

let folder: Awaited<ReturnType<typeof folderOf>> | undefined;
afterEach(async () => {
  await folder?.remove();
  folder = undefined;
});

async function check(texts: Readonly<Record<string, string>>, ...args: readonly string[]) {
  folder = await folderOf(texts);
  return sallyport(['check', '.', ...args], { cwd: folder.path });
}

describe('sallyport check', () => {
  it('exits 0 and sums up where there is nothing to say', async () => {
    expect(await check(files)).toEqual({
      status: 0,
      stdout: '0 errors, 0 warnings in 3 files, 2 policies, 3 workloads, 1 service, 1 gateway\n',
      stderr: '',
    });
  });

  it('exits 1 on a dangerous object, with place, carets and the policy that closes the gap', async () => {
    const { 'at-ztunnel.yaml': _, ...open } = files;
    const { status, stdout } = await check(open);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^at-waypoint\.yaml:5:16: error waypoint-bypass: /);
    expect(stdout).toContain('^^^');
    expect(stdout).toContain('principals: [cluster.local/ns/shop/sa/waypoint]');
    expect(stdout).toContain('1 error, 0 warnings');
  });

  it.each([
    ['no file', {}],
    ['files of other kinds only', { 'notes.txt': 'a: b' }],
    ['an empty file', { 'mesh.yaml': '\n' }],
  ])('exits 1 on a folder with %s, which is hardly what was meant', async (_, texts) => {
    const { status, stdout } = await check(texts);
    expect(status).toBe(1);
    expect(stdout).toContain('error no-manifests: `.` holds no manifest');
  });

  it('exits 0 where there are warnings only', async () => {
    const lost = files['at-ztunnel.yaml'].replace('app: cart', 'app: basket').replace('only-from-waypoint', 'lost');
    const { status, stdout } = await check({ ...files, 'lost.yaml': lost });
    expect(status).toBe(0);
    expect(stdout).toContain('lost.yaml:3:18: warning policy-not-enforced:');
  });

  it('prints every diagnostic sorted by place, invalid objects and findings alike', async () => {
    const { 'at-ztunnel.yaml': _, ...open } = files;
    const { status, stdout } = await check({ ...open, 'z.yaml': files['at-ztunnel.yaml'].replace('app: cart', '"": cart') });
    const places = stdout.split('\n').filter((line) => /^\S+:\d+:\d+: (error|warning)/.test(line));
    expect(status).toBe(1);
    expect(places.map((line) => line.split(':')[0])).toEqual(['at-waypoint.yaml', 'z.yaml']);
  });

  it.each([
    ['JSON', 'deep.json', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['YAML', 'deep.yaml', '['.repeat(20_000)],
  ])('refuses %s that is nested so deep that reading it would end the process', async (_, name, text) => {
    const { status, stdout } = await check({ [name]: text });
    expect(status).toBe(1);
    expect(stdout).toContain('error nesting-too-deep: nested too deep to be read');
  });

  it('prints JSON', async () => {
    const { 'at-ztunnel.yaml': _, ...open } = files;
    const { status, stdout } = await check(open, '-o', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      errors: 1,
      diagnostics: [
        {
          code: 'waypoint-bypass',
          severity: 'error',
          kind: 'finding',
          file: 'at-waypoint.yaml',
          line: 5,
          suggestion: expect.stringContaining('AuthorizationPolicy'),
        },
      ],
      statuses: [
        {
          kind: 'AuthorizationPolicy',
          namespace: 'shop',
          name: 'get-only',
          file: 'at-waypoint.yaml',
          line: 1,
          conditions: [{ type: 'WaypointAccepted', status: 'True', reason: 'Accepted', message: 'bound to shop/waypoint' }],
        },
        { kind: 'Service', namespace: 'shop', name: 'cart' },
      ],
    });
  });

  it('reads standard input as `-`', async () => {
    const { status, stdout } = await sallyport(['check', '-'], { input: 'apiVersion: v1\nkind: [Namespace\n' });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^-:\d+:\d+: error yaml-syntax/);
  });

  it('prints no colours where there is no terminal', async () => {
    const { 'at-ztunnel.yaml': _, ...open } = files;
    expect((await check(open)).stdout).not.toContain('\u001b');
  });

  it('exits 2 without a folder', async () => {
    expect(await sallyport(['check'])).toMatchObject({ status: 2, stdout: '' });
  });
});
