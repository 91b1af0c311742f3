import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files, folderOf, sallyport } from './sallyport.js';

let folder: Awaited<ReturnType<typeof folderOf>>;
beforeAll(async () => {
  folder = await folderOf(files);
});
afterAll(() => folder.remove());

const ask = (...args: readonly string[]) => sallyport(['explain', '.', '--from', 'shop/web', ...args], { cwd: folder.path });

describe('sallyport explain', () => {
  it('exits 0 on an allowed request and draws its path', async () => {
    const { status, stdout, stderr } = await ask('--to', 'http://cart/items');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`ALLOWED  shop/web → http://cart/items  (strict)

  client       shop/web
  │            spiffe://cluster.local/ns/shop/sa/web  10.0.0.1
  ▼
  ztunnel      shop/web (the client’s own)  sends on
  │ HBONE, to 10.1.0.3:80
  ▼
  waypoint     shop/waypoint  ✓ allows
  │            because   ALLOW shop/get-only rule 0 at at-waypoint.yaml:7
  │            sees      spiffe://cluster.local/ns/shop/sa/web from 10.0.0.1 to 10.1.0.3:80
  │            enforces  shop/get-only (ALLOW, by service) at at-waypoint.yaml:3
  │            not here  shop/only-from-waypoint: it selects the pods, so their ztunnels enforce it, on what the waypoint sends; a waypoint enforces only what targetRefs name
  │ HBONE
  ▼
  ztunnel      shop/cart  ✓ allows
  │            because   ALLOW shop/only-from-waypoint rule 0 at at-ztunnel.yaml:7
  │            sees      spiffe://cluster.local/ns/shop/sa/waypoint from ${waypointAddress(stdout)} to 10.0.0.3:8080
  │            enforces  shop/only-from-waypoint (ALLOW, by selector) at at-ztunnel.yaml:3
  │            not here  shop/get-only: it targets the service, so the waypoint enforces it and no ztunnel does
  ▼
  application  shop/cart  10.0.0.3:8080

  status       shop/get-only: WaypointAccepted True (Accepted)
  status       shop/only-from-waypoint: ZtunnelAccepted True (Accepted)
`);
  });

  it('says of a flag that nothing depends on it, and answers all the same', async () => {
    const { status, stderr } = await ask('--to', 'http://cart/items', '--flag', 'PILOT_AUTO_ALLOW_WAYPOINT_POLICE=true');
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^sallyport: nothing here depends on the flag `PILOT_AUTO_ALLOW_WAYPOINT_POLICE`, only on .*PILOT_AUTO_ALLOW_WAYPOINT_POLICY/,
    );
  });

  it('refuses a flag that is neither true nor false', async () => {
    const { status, stderr } = await ask('--to', 'http://cart/items', '--flag', 'PILOT_AUTO_ALLOW_WAYPOINT_POLICY=yes');
    expect(status).toBe(2);
    expect(stderr).toContain('`yes` is neither true nor false');
  });

  it('exits 3 on a denied request and names the condition that failed', async () => {
    const { status, stdout } = await ask('--to', 'http://cart/items', '--method', 'POST');
    expect(status).toBe(3);
    expect(stdout).toContain('DENIED');
    expect(stdout).toContain('methods: wants `GET`, saw `POST` (at-waypoint.yaml:8)');
  });

  it('prints JSON with the gates in the order of the path', async () => {
    const { status, stdout } = await ask('--to', 'cart:80', '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      effect: 'allow',
      gates: [
        {
          gate: 'waypoint',
          name: 'shop/waypoint',
          effect: 'allow',
          reason: 'allow-policy',
          sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/web',
          sourceIp: '10.0.0.1',
          policy: 'shop/get-only',
          rule: 0,
          file: 'at-waypoint.yaml',
          line: 7,
        },
        {
          gate: 'ztunnel',
          name: 'shop/cart',
          effect: 'allow',
          reason: 'allow-policy',
          sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/waypoint',
          policy: 'shop/only-from-waypoint',
          rule: 0,
          file: 'at-ztunnel.yaml',
          line: 7,
        },
      ],
      statuses: [
        {
          policy: 'shop/get-only',
          file: 'at-waypoint.yaml',
          line: 3,
          conditions: [{ type: 'WaypointAccepted', status: 'True', message: 'bound to shop/waypoint' }],
        },
        {
          policy: 'shop/only-from-waypoint',
          conditions: [{ type: 'ZtunnelAccepted', status: 'True', message: 'attached to ztunnel' }],
        },
      ],
      differences: [],
      otherDialect: null,
    });
  });

  it('reads standard input, and says where the dialects differ', async () => {
    const manifests = `${files['mesh.yaml']}---\n${files['at-waypoint.yaml'].replace('targetRefs: [{group: "", kind: Service, name: cart}]', 'selector: {matchLabels: {app: cart}}\n  action: DENY')}`;
    const { status, stdout } = await sallyport(['explain', '-', '--from', 'shop/web', '--to', 'http://cart/'], {
      input: manifests,
    });
    expect(status).toBe(3);
    expect(stdout).toContain('the dialects differ');
    expect(stdout).toContain('strict denies and upstream allows this request');
  });

  it('takes the dialect and its flags', async () => {
    const { stdout } = await ask('--to', 'cart:80', '--dialect', 'upstream@1.31', '--flag', 'A=true', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ dialect: 'upstream@1.31' });
  });

  it.each([
    [['--to', 'http://basket/'], 'basket'],
    [['--to', 'cart:81'], '81'],
    [['--to', 'shop/basket'], 'shop/cart'],
    [['--to', 'cart:80', '--via', 'shop/edge'], 'shop/edge'],
    [['--to', 'cart:80', '--header', 'nonsense'], 'NAME: VALUE'],
  ])('exits 1 on a question about nothing: %j', async (args, said) => {
    const { status, stdout, stderr } = await ask(...args);
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(said);
  });

  it('exits 1 on an invalid object, with its place and no verdict', async () => {
    const { status, stdout, stderr } = await sallyport(['explain', '-', '--from', 'shop/web', '--to', 'cart:80'], {
      input: `${files['mesh.yaml']}---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: x}\nspec: {action: MAYBE}\n`,
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^-:\d+:\d+: error /);
    expect(stderr).toContain('no verdict');
  });

  it('exits 1 on a folder that does not exist', async () => {
    expect(await sallyport(['explain', 'nowhere', '--from', 'a/b', '--to', 'c:1'], { cwd: folder.path })).toMatchObject({
      status: 1,
    });
  });

  it.each([
    [[]],
    [['--to', 'cart:80', '--output', 'xml']],
    [['--to', 'cart:80', '--dialect', 'sideways']],
    [['--to', 'cart:80', '--flag', 'X']],
    [['--to', 'cart:80', '--nonsense']],
  ])('exits 2 on wrong usage: %j', async (args) => {
    expect(await ask(...args)).toMatchObject({ status: 2, stdout: '' });
  });

  it('teaches by example', async () => {
    const { status, stdout } = await sallyport(['explain', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit status');
  });
});

/** The waypoint's address follows from its name; the drawing is compared with itself here. */
function waypointAddress(stdout: string): string {
  return /waypoint from (\S+) to 10\.0\.0\.3/.exec(stdout)?.[1] ?? 'missing';
}
