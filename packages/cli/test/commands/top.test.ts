import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MeshActivity } from '../../src/top/mesh-activity.js';
import { type UpMesh, Workshop } from './local-mesh.js';
import { folder, waypoint } from './manifests.js';

/** Answers at once, but keeps what is asked for below `/public/hold`. */
const application = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.write('hello\\n');
  if (!request.url.startsWith('/public/hold')) response.end();
}).listen(process.env.PORT, process.env.HOST);
`;

const labelled = folder['workloads.yaml'].replace(
  'metadata: {name: httpbin}\nspec: {selector',
  'metadata: {name: httpbin, labels: {istio.io/use-waypoint: waypoint}}\nspec: {selector',
);

let workshop: Workshop;
let mesh: UpMesh;
beforeEach(async () => {
  workshop = await Workshop.open();
  const files = { 'workloads.yaml': labelled, 'waypoint.yaml': waypoint, 'app.mjs': application };
  mesh = await workshop.up(await workshop.folder('mesh', files), ['--workers', '2']);
});
afterEach(() => workshop.close());

async function activity(...options: readonly string[]): Promise<MeshActivity> {
  const { stdout, stderr } = await workshop.run(['top', '--once', '-o', 'json', '--mesh', mesh.folder, ...options]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as MeshActivity;
}

test('top shows what is open at each gate, what was decided there and how fast it comes', async () => {
  const client = await mesh.client('sleep');
  await client('http://httpbin:8000/private');
  const held = client('http://httpbin:8000/public/hold');
  await expect.poll(async () => (await activity('--interval', '0.1')).connections.length, { timeout: 20_000 }).toBe(3);

  // Requests go on for as long as it looks, so that there is something to see in between.
  let looking = true;
  const busy = (async () => {
    while (looking) await client('http://httpbin:8000/private');
  })();
  const seen = await activity('--interval', '2');
  looking = false;
  await busy;

  expect(seen.gates.map(({ name, state }) => [name, state])).toEqual([
    ['ztunnel-destination', 'up'],
    ['waypoint default/waypoint', 'up'],
    ['ztunnel-source', 'up'],
  ]);
  const gate = seen.gates.find(({ name }) => name === 'waypoint default/waypoint');
  expect(gate).toMatchObject({ requests: expect.any(Number), memoryBytes: expect.any(Number) });
  expect(gate?.requests).toBeGreaterThanOrEqual(1);
  expect(gate?.perSecond?.requests).toBeGreaterThan(0);
  expect(gate?.perSecond?.denied).toBeGreaterThan(0);
  const denial = seen.decisions.find(({ effect }) => effect === 'deny');
  expect(denial).toMatchObject({ gate: 'waypoint default/waypoint', reason: 'no-allow-match' });
  expect(denial?.count).toBeGreaterThan(1);
  const allowed = seen.decisions.find(({ policy }) => policy !== undefined);
  expect(allowed).toMatchObject({ effect: 'allow', policy: 'AuthorizationPolicy/default/reads', rule: '0' });
  const oldest = seen.connections.filter(({ gate: name }) => name === 'waypoint default/waypoint');
  expect(oldest[0]).toMatchObject({ source: { workload: 'default/sleep' }, requests: 1 });

  const { stdout, status } = await workshop.run(['top', '--once', '--interval', '0.1']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^waypoint default\/waypoint +up +\d+ +1 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +\d+ MB$/m);
  expect(stdout).toMatch(/^deny +waypoint default\/waypoint +[\d.]+ +\d+ +no-allow-match +-$/m);
  expect(stdout).not.toContain('\u001b');
  await mesh.end();
  await held;
});

test('top ends where the supervisor is gone', async () => {
  mesh.supervisor.kill('SIGKILL');
  await mesh.ended;
  const { status, stderr } = await workshop.run(['top', '--once', '--interval', '0.1', '--mesh', mesh.folder]);
  expect(status).toBe(1);
  expect(stderr).toContain('the supervisor of the mesh is gone');
});
