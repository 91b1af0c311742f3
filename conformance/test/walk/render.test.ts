import { fileURLToPath } from 'node:url';
import type { Paint } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { explainRequest, inventoryOf } from '../../src/seeds/interpreter-engine.js';
import { mismatches } from '../../src/seeds/judge.js';
import { loadScenarios, walkFolder } from '../../src/seeds/load-scenarios.js';
import { manifestFiles } from '../../src/seeds/manifest-files.js';
import type { Scenario } from '../../src/seeds/scenario.js';
import { renderEvent, renderMesh } from '../../src/walk/render-mesh.js';
import { renderOutcome } from '../../src/walk/render-outcome.js';

const plainPaint: Paint = (_, text) => text;
const inventory = inventoryOf(manifestFiles(fileURLToPath(new URL('../../../examples/httpbin-ambient', import.meta.url))));
const [, l4Policy] = loadScenarios(walkFolder);

/** The second request of the second scenario, `notsleep` to a pod that admits `sleep`, as if it had come out with this effect. */
function rendered({ requests }: Scenario, effect: 'allow' | 'deny'): string {
  const [, request] = requests;
  if (request === undefined || l4Policy === undefined) throw new Error('the scenario has lost its second request');
  const observation = { ...request.expect, effect, gates: request.expect.gates.map((gate) => ({ ...gate, effect })) };
  const outcome = { scenario: l4Policy, request, observation, mismatches: mismatches(request.expect, observation) };
  return renderOutcome(outcome, inventory, explainRequest(inventory, request), plainPaint);
}

describe('a line of the walk', () => {
  it('says how the request ended, which gate decided on whom, and where the policy is', () => {
    expect(rendered(l4Policy as Scenario, 'deny').split('\n')).toEqual([
      '   ✓ denied  curl 56   ambient-demo/notsleep → GET http://httpbin.default:8000/get',
      expect.stringMatching(
        /^ {7}ztunnel default\/httpbin +denies ambient-demo\/notsleep +not admitted by default\/allow-sleep-to-httpbin {2}3-l4-policy\.yaml:\d+$/,
      ),
      '',
    ]);
  });

  it('that did not come out as expected says what is different', () => {
    const lines = rendered(l4Policy as Scenario, 'allow');
    expect(lines).toContain('✗ allowed');
    expect(lines).toContain('not as expected: effect: expected `deny`, got `allow`');
  });
});

describe('the mesh that stays up', () => {
  it('is listed with addresses, what is served there, and its isolation', () => {
    const report = {
      isolation: 'none',
      gates: [{ name: 'gateway a/ingress', address: '127.0.0.9', metrics: '', listeners: [{ port: 8080 }] }],
      workloads: [
        { key: 'a/client', address: '127.0.0.2', ports: [], servedPorts: [], application: { state: 'none' } },
        { key: 'a/app', address: '127.0.0.3', ports: [80, 81], servedPorts: [], application: { state: 'running' } },
      ],
    };
    const text = renderMesh(report, plainPaint);
    expect(text).toContain('isolation: none');
    expect(text).toContain('  gateway a/ingress  127.0.0.9  serves 8080\n');
    expect(text).toContain('  a/client           127.0.0.2  a client\n');
    expect(text).toContain('  a/app              127.0.0.3  serves 80, 81\n');
  });

  it('reports a change that is refused with its place, and that the last good state stays', () => {
    const diagnostics = [
      { file: 'a.yaml', line: 3, column: 5, severity: 'error', code: 'unknown-field', message: '`x` is no field' },
    ];
    expect(renderEvent({ event: 'refused', diagnostics }, plainPaint)).toBe(
      'a.yaml:3:5: error unknown-field: `x` is no field\nrefused: the last good state stays in force\n',
    );
  });
});
