import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeshEvent, MeshProcess } from '../../src/mesh-process.js';
import { hasCurl } from '../../src/seeds/curl.js';
import { GatesEngine } from '../../src/seeds/gates-engine.js';
import { runScenario } from '../../src/seeds/judge.js';
import { loadScenarios, seedsFolder } from '../../src/seeds/load-scenarios.js';

const applications = fileURLToPath(new URL('../../../examples/httpbin-ambient/app', import.meta.url));

describe.skipIf(!hasCurl())('through real gates with real curl (skipped where there is no curl)', () => {
  let folder: string;
  let mesh: MeshProcess;
  let engine: GatesEngine;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-seeds-'));
    await cp(join(seedsFolder, 'mesh'), folder, { recursive: true });
    await cp(applications, join(folder, 'app'), { recursive: true });
    mesh = await MeshProcess.start(folder);
    engine = new GatesEngine(mesh);
  });

  afterAll(async () => {
    await engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(loadScenarios().map((scenario) => [scenario.name, scenario.title, scenario] as const))(
    '%s keeps its promise: %s',
    async (_, __, scenario) => {
      const wrong = [];
      for await (const { request, mismatches } of runScenario(engine, scenario)) {
        if (mismatches.length > 0) wrong.push({ request: request.title, mismatches });
      }
      expect(wrong).toEqual([]);
    },
  );

  it('the log of the destination ztunnel confirms who was denied, by which policy, and where that is written', async () => {
    const scenario = loadScenarios().find(({ name }) => name === '001-l7-policy');
    const [request] = scenario?.requests ?? [];
    if (scenario === undefined || request === undefined) throw new Error('there is no such scenario');
    await engine.enter(scenario);
    const logged = mesh.next((event) => isDenial(event), 5_000);
    await engine.ask(request);
    expect(await logged).toMatchObject({ line: expect.stringContaining('direction="inbound"') });
    expect(await logged).toMatchObject({
      line: expect.stringContaining('src.identity="spiffe://cluster.local/ns/ambient-demo/sa/sleep"'),
    });
    expect(await logged).toMatchObject({
      line: expect.stringContaining('policy="AuthorizationPolicy/default/allow-sleep-to-httpbin"'),
    });
    expect(await logged).toMatchObject({ line: expect.stringMatching(/place="[^"]*policies\.yaml:\d+:\d+"/) });
  });
});

function isDenial(event: MeshEvent): boolean {
  return event.event === 'line' && event.from === 'ztunnel-destination' && event.line.includes('reason="l7-at-ztunnel"');
}
