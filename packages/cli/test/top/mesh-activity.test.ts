import { expect, test } from 'vitest';
import type { GateReport, MeshStatus } from '../../src/supervisor/mesh-status.js';
import type { GateSample } from '../../src/top/gate-sample.js';
import { meshActivity } from '../../src/top/mesh-activity.js';

const gate: GateReport = {
  name: 'waypoint a/b',
  kind: 'waypoint',
  state: 'up',
  ready: true,
  listeners: [],
  metrics: 'http://127.0.0.2:15020/metrics',
  policies: [],
};

const status: MeshStatus = {
  id: 'mesh',
  folder: '/mesh',
  dialect: 'strict',
  isolation: 'none',
  supervisor: 1,
  snapshot: 7,
  since: '2026-01-01T00:00:00.000Z',
  gates: [gate],
  workloads: [],
  logs: '/logs',
};

function sample(at: number, requests: number): GateSample {
  const metrics = [
    { name: 'istio_requests_total', labels: { response_code: '200' }, value: requests },
    { name: 'istio_requests_total', labels: { response_code: '403' }, value: 1 },
  ];
  return { at, metrics, open: 0, connections: [], memoryBytes: 1 };
}

test('a rate is what all series of a gate grew by in the time between the two looks at it', () => {
  const { gates, seconds } = meshActivity(status, new Map([[gate.name, { before: sample(1000, 10), now: sample(3000, 30) }]]));
  expect(seconds).toBe(2);
  expect(gates[0]?.perSecond?.requests).toBe(10);
});

test('a counter that began anew in between is no negative rate', () => {
  const { gates } = meshActivity(status, new Map([[gate.name, { before: sample(1000, 100), now: sample(3000, 0) }]]));
  expect(gates[0]?.perSecond?.requests).toBe(0);
});

test('a gate that was seen once only has no rates yet, and one that does not answer has no figures', () => {
  const once = meshActivity(status, new Map([[gate.name, { before: undefined, now: sample(3000, 30) }]]));
  expect(once.gates[0]).toMatchObject({ state: 'up', perSecond: { requests: 0 } });
  const never = meshActivity(status, new Map([[gate.name, { before: sample(1000, 10), now: undefined }]]));
  expect(never.gates).toEqual([{ name: gate.name, state: 'no answer' }]);
  expect(meshActivity({ ...status, gates: [{ ...gate, state: 'down' }] }, new Map()).gates[0]?.state).toBe('down');
});
