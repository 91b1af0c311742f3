import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterpreterEngine } from '../../src/seeds/interpreter-engine.js';
import { runScenario } from '../../src/seeds/judge.js';
import { loadScenarios, seedsFolder } from '../../src/seeds/load-scenarios.js';
import { manifestFiles } from '../../src/seeds/manifest-files.js';

const mesh = manifestFiles(join(seedsFolder, 'mesh'));

describe.each(loadScenarios().map((scenario) => [scenario.name, scenario] as const))('in the interpreter, %s', (_, scenario) => {
  it(`keeps its promise: ${scenario.title}`, async () => {
    const engine = new InterpreterEngine(mesh);
    const wrong = [];
    for await (const { request, mismatches } of runScenario(engine, scenario)) {
      if (mismatches.length > 0) wrong.push({ request: request.title, mismatches });
    }
    expect(wrong).toEqual([]);
  });
});
