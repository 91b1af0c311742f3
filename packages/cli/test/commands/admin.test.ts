import { afterEach, beforeEach, expect, test } from 'vitest';
import { type UpMesh, Workshop } from './local-mesh.js';
import { folder } from './manifests.js';

const application = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.write('hello\\n');
  if (request.url !== '/hold') response.end();
}).listen(process.env.PORT, process.env.HOST);
`;

let workshop: Workshop;
let mesh: UpMesh;
beforeEach(async () => {
  workshop = await Workshop.open();
  mesh = await workshop.up(await workshop.folder('mesh', { ...folder, 'app.mjs': application }), ['--workers', '2']);
});
afterEach(() => workshop.close());

async function told(gate: string, path: string, method = 'GET') {
  const found = (await mesh.status()).gates.find(({ name }) => name === gate);
  const response = await fetch(`${found?.metrics.replace('/metrics', path)}`, { method });
  return { text: await response.clone().text(), ...((await response.json()) as { processes: Record<string, unknown>[] }) };
}

test('the admin address of a gate shows connections, policies and certificates of all its workers, and sets their log level', async () => {
  const source = 'spiffe://cluster.local/ns/default/sa/sleep';
  const held = (await mesh.client('sleep'))('http://httpbin:8000/hold');
  const connections = async () =>
    (await told('ztunnel-destination', '/connections')).processes.flatMap((one) => one.connections as object[]);
  await expect.poll(connections, { timeout: 10_000 }).toHaveLength(1);
  expect(await connections()).toEqual([
    {
      source: { address: expect.any(String), workload: 'default/sleep', identity: source },
      destination: expect.objectContaining({ workload: 'default/httpbin' }),
      ageMs: expect.any(Number),
    },
  ]);
  const policies = await told('ztunnel-destination', '/policies');
  expect(policies.processes).toHaveLength(2);
  expect(policies.text).toContain('"name": "admits-sleep"');
  const certificates = await told('ztunnel-destination', '/certificates');
  expect(certificates.processes[0]?.certificates).toContainEqual({
    identity: source,
    serial: expect.stringMatching(/^[0-9A-F]+$/),
    notBefore: expect.any(String),
    notAfter: expect.any(String),
    issuer: expect.any(String),
    fingerprint256: expect.any(String),
  });
  expect(certificates.text).not.toContain('PRIVATE KEY');
  const { processes } = await told('ztunnel-destination', '/logging?level=warn', 'POST');
  expect(processes.map(({ level }) => level)).toEqual(['warn', 'warn']);
  await mesh.end();
  await held;
});
