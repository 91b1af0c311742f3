import { fileURLToPath } from 'node:url';
import { checkFiles, strict } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { InterpreterEngine } from '../../src/seeds/interpreter-engine.js';
import { runScenario } from '../../src/seeds/judge.js';
import { loadScenarios, walkFolder } from '../../src/seeds/load-scenarios.js';
import { manifestFiles } from '../../src/seeds/manifest-files.js';

const files = manifestFiles(fileURLToPath(new URL('../../../examples/httpbin-ambient', import.meta.url)));

describe('the example', () => {
  it('has the four findings of its traps, and no others', () => {
    const found = checkFiles(files, strict).diagnostics.map(({ code, span }) => `${span.file} ${code}`);
    expect(found).toEqual([
      'traps/http-policy-at-ztunnel.yaml l7-at-ztunnel',
      'traps/ingress-past-the-waypoint.yaml ingress-skips-waypoint',
      'traps/selector-behind-waypoint.yaml waypoint-not-admitted',
      'traps/waypoint-bypass.yaml waypoint-bypass',
    ]);
  });

  it.each(loadScenarios(walkFolder).map((scenario) => [scenario.title, scenario] as const))('shows: %s', async (_, scenario) => {
    const wrong = [];
    for await (const { request, mismatches } of runScenario(new InterpreterEngine(files), scenario)) {
      if (mismatches.length > 0) wrong.push({ request: request.title, mismatches });
    }
    expect(wrong).toEqual([]);
  });
});
