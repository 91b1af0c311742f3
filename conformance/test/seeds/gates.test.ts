import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeshProcess } from '../../src/mesh-process.js';
import { hasCurl } from '../../src/seeds/curl.js';
import { GatesEngine } from '../../src/seeds/gates-engine.js';
import { runScenario } from '../../src/seeds/judge.js';
import { loadScenarios, seedsFolder } from '../../src/seeds/load-scenarios.js';

const applications = fileURLToPath(new URL('../../../examples/httpbin-ambient/app', import.meta.url));

describe.skipIf(!hasCurl())('through real gates with real curl (skipped where there is no curl)', () => {
  let folder: string;
  let engine: GatesEngine;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-seeds-'));
    await cp(join(seedsFolder, 'mesh'), folder, { recursive: true });
    await cp(applications, join(folder, 'app'), { recursive: true });
    engine = new GatesEngine(await MeshProcess.start(folder));
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
});
