import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectorHeaders } from '../../src/gate-process/collector-headers.js';
import { Workshop } from './local-mesh.js';
import { folder } from './manifests.js';

let workshop: Workshop;
let collector: Server;
const bodies: string[] = [];
const authorizations = new Set<string | undefined>();
beforeEach(async () => {
  workshop = await Workshop.open();
  bodies.length = 0;
  collector = createServer(async (request, response) => {
    authorizations.add(request.headers.authorization);
    bodies.push(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(async () => {
  await workshop.close();
  collector.close();
});

test('up --otlp has every worker of every gate export its spans, with the credentials that the environment holds', async () => {
  workshop.environment.OTEL_EXPORTER_OTLP_HEADERS = 'authorization=Bearer%20collector';
  const { port } = collector.address() as AddressInfo;
  const mesh = await workshop.up(await workshop.folder('mesh', folder), ['--workers', '2', '--otlp', `http://127.0.0.1:${port}`]);
  const client = await mesh.client('sleep');
  for (let count = 0; count < 4; count += 1) expect((await client('http://httpbin:8000/')).stdout).toBe('hello /\n');
  const names = () =>
    new Set(bodies.flatMap((body) => /"service\.instance\.id","value":\{"stringValue":"([a-z-]+)-\d+"/.exec(body)?.[1] ?? []));
  await expect.poll(names, { timeout: 20_000 }).toEqual(new Set(['ztunnel-source', 'ztunnel-destination']));
  expect(authorizations).toEqual(new Set(['Bearer collector']));
  await expect
    .poll(() => bodies.join().match(/"service\.instance\.id","value":\{"stringValue":"[a-z-]+-\d+"/g)?.length)
    .toBeGreaterThan(1);
});

test('an address that is no collector is refused before anything starts, and one with a password in it, too', async () => {
  const directory = await workshop.folder('mesh', folder);
  for (const [url, why] of [
    ['localhost:4318', 'it is the address of a collector'],
    ['http://me:secret@localhost:4318', 'OTEL_EXPORTER_OTLP_HEADERS'],
  ] as const) {
    const { status, stderr } = await workshop.run(['up', '--otlp', url, directory]);
    expect(status).toBe(2);
    expect(stderr).toContain(why);
  }
  const { status, stderr } = await workshop.run(['up', '--otlp-sample', '10', directory]);
  expect(status).toBe(2);
  expect(stderr).toContain('--otlp-sample goes with --otlp');
});

test('headers for a collector are read as OpenTelemetry writes them, and what is none is left out', () => {
  const read = (value: string) => collectorHeaders({ OTEL_EXPORTER_OTLP_HEADERS: value });
  expect(read('Api-Key=a%20b, x=1=2')).toEqual({ 'api-key': 'a b', x: '1=2' });
  expect(read('a=%,b c=1,=2,,d=%0d%0aevil: 1')).toEqual({});
  expect(collectorHeaders({})).toEqual({});
});
