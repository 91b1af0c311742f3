import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpreter } from '../../src/recorded/interpreter.js';
import { runRecorded } from '../../src/recorded/run-recorded.js';
import { Tally } from '../../src/recorded/tally.js';

const policy = (action: string, annotations: object = {}) =>
  JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop', annotations },
    spec: { action, rules: [{}] },
  });
const attached = {
  type: 'ZtunnelAccepted',
  status: 'True',
  reason: 'Accepted',
  message: 'attached to ztunnel',
  fieldManager: 'istio-ambient-ztunnel-policy',
  observedGeneration: '1',
};
const status = (...conditions: readonly object[]) => ({ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'p', conditions });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-statuses-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...entries: readonly object[]): Tally {
  const path = join(folder, 'status.json');
  writeFileSync(path, JSON.stringify(entries));
  const tally = new Tally();
  runRecorded(interpreter, [path], tally);
  return tally;
}

describe('recorded statuses', () => {
  it('are judged object by object, with every word', () => {
    const manifests = policy('DENY');
    expect(run({ case: 'probe/p', manifests, statuses: [status(attached)] }).summary).toBe('1 passed, 0 failed, 0 skipped');
    for (const wrong of [
      { status: 'False' },
      { reason: 'X' },
      { message: 'x' },
      { fieldManager: 'x' },
      { observedGeneration: '2' },
    ]) {
      const tally = run({ case: 'probe/p', manifests, statuses: [status({ ...attached, ...wrong })] });
      expect(tally.summary).toBe('0 passed, 1 failed, 0 skipped');
    }
  });

  it('fail where a condition or an object is missing or too many', () => {
    const manifests = policy('DENY');
    const other = { ...attached, type: 'WaypointAccepted' };
    expect(run({ case: 'probe/p', manifests, statuses: [status()] }).disagreements[0]?.lines[0]).toBe(
      'expected no ZtunnelAccepted',
    );
    expect(run({ case: 'probe/p', manifests, statuses: [status(attached, other)] }).disagreements).toHaveLength(1);
    expect(run({ case: 'probe/p', manifests, statuses: [] }).disagreements[0]?.lines).toEqual([
      'has a status, and the record knows no such object',
    ]);
    const gone = { ...status(), name: 'gone' };
    expect(run({ case: 'probe/p', manifests, statuses: [status(attached), gone] }).summary).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('leave out what is refused at admission', () => {
    const manifests = policy('DENY', { 'istio.io/dry-run': 'maybe' });
    const rejected = [{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'p' }];
    expect(run({ case: 'probe/p', manifests, rejected, statuses: [] }).summary).toBe('1 passed, 0 failed, 0 skipped');
    expect(run({ case: 'probe/p', manifests: policy('DENY'), rejected, statuses: [] }).summary).toBe(
      '0 passed, 1 failed, 0 skipped',
    );
  });

  it('may be those of a case in the folder beside, with flags of their own', () => {
    mkdirSync(join(folder, 'ambient'));
    const mesh = { id: 'wp-1', manifests: policy('DENY', { 'istio.io/dry-run': 'true' }), queries: [] };
    writeFileSync(join(folder, 'ambient', 'wp-1.json'), JSON.stringify(mesh));
    const flags = { AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY: true };
    const summary = run(
      { case: 'wp-1', flags, statuses: [status(attached)] },
      { case: 'wp-1', statuses: [status(attached)] },
      { case: '../wp-1', statuses: [] },
      { case: 'wp-2', statuses: [] },
    ).summary;
    expect(summary).toBe('1 passed, 3 failed, 0 skipped');
  });

  const shared = fileURLToPath(new URL('../../../../shared/recorded/status.json', import.meta.url));
  it.skipIf(!existsSync(shared))('agree in full with what istiod wrote (needs ../shared/recorded)', () => {
    const tally = new Tally();
    runRecorded(interpreter, [shared], tally);
    expect(tally.disagreements).toEqual([]);
    expect(tally.passed).toBeGreaterThan(3_000);
  });
});
