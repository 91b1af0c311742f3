import { strict } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { GateHost } from '../../src/gate-process/gate-host.js';
import { startGate } from '../../src/gate-process/start-gate.js';
import type { FromGate, SnapshotChange, SnapshotData } from '../../src/gate-protocol/messages.js';

const policy = (name: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name} }
spec: {}
`;
const addresses = { workloads: [], shiftedPorts: [], isolated: false, proxyCredentials: {} };

function whole(number: number, ...names: readonly string[]): SnapshotData {
  return { number, files: names.map((name) => ({ path: `${name}.yaml`, text: policy(name) })), dialect: strict, addresses };
}

function change(number: number, base: number, name: string, text = policy(name)): SnapshotChange {
  return { number, base, files: { written: [{ path: `${name}.yaml`, text }], removed: [] } };
}

/** A gate in this process, and what it says. */
class Spoken {
  readonly host: GateHost;
  readonly #said: FromGate[] = [];
  readonly #waiting: ((message: FromGate) => void)[] = [];

  constructor() {
    const send = (message: FromGate): boolean => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#said.push(message);
      else waiting(message);
      return true;
    };
    this.host = new GateHost({ send, log: () => undefined, startGate });
  }

  next(): Promise<FromGate> {
    const said = this.#said.shift();
    return said === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(said);
  }
}

describe('a gate process', () => {
  let gate: Spoken | undefined;
  afterEach(async () => gate?.host.close(0));

  async function started(number: number, ...names: readonly string[]): Promise<Spoken> {
    gate = new Spoken();
    const role = { kind: 'ztunnel-destination' } as const;
    gate.host.receive({ type: 'start', role, snapshot: whole(number, ...names), adminAddress: '127.201.7.1', revocation: '' });
    expect(await gate.next()).toEqual({ type: 'started' });
    return gate;
  }

  it('prepares a change of the state that it has in force, and commits it', async () => {
    const { host } = await started(4, 'a');
    host.receive({ type: 'prepare-change', change: change(5, 4, 'b') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 5 });
    host.receive({ type: 'commit', number: 5 });
    expect(await gate?.next()).toEqual({ type: 'committed', number: 5 });
    host.receive({ type: 'prepare-change', change: change(6, 5, 'c') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 6 });
  });

  it('says that it lacks the base of any other change, prepares nothing, and takes the whole instead', async () => {
    const { host } = await started(4, 'a');
    host.receive({ type: 'prepare-change', change: change(6, 5, 'b') });
    expect(await gate?.next()).toEqual({ type: 'lacks-base', number: 6 });
    expect(() => host.receive({ type: 'commit', number: 6 })).toThrow('snapshot 6 is not prepared');
    host.receive({ type: 'prepare', snapshot: whole(6, 'a', 'b') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 6 });
    host.receive({ type: 'commit', number: 6 });
    expect(await gate?.next()).toEqual({ type: 'committed', number: 6 });
  });

  it('goes on from no state that was prepared and never committed', async () => {
    const { host } = await started(4, 'a');
    host.receive({ type: 'prepare-change', change: change(5, 4, 'b') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 5 });
    host.receive({ type: 'abort', number: 5 });
    host.receive({ type: 'prepare-change', change: change(6, 5, 'c') });
    expect(await gate?.next()).toEqual({ type: 'lacks-base', number: 6 });
    host.receive({ type: 'prepare-change', change: change(5, 4, 'c') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 5 });
  });

  it('refuses a change that leads to something invalid, and keeps its base', async () => {
    const { host } = await started(4, 'a');
    host.receive({ type: 'prepare-change', change: change(5, 4, 'b', policy('a')) });
    expect(await gate?.next()).toMatchObject({ type: 'refused', number: 5, error: expect.stringContaining('declared twice') });
    host.receive({ type: 'prepare-change', change: change(5, 4, 'b') });
    expect(await gate?.next()).toEqual({ type: 'prepared', number: 5 });
  });

  it('tells its certificates, memory and policies at its admin address, never a key, and has its log level set', async () => {
    await started(4, 'a');
    const url = 'http://127.201.7.1:15020';
    const told = async (path: string, method = 'GET') => (await fetch(`${url}${path}`, { method })).json() as Promise<unknown>;
    const pid = process.pid;
    expect(await told('/policies')).toEqual({
      processes: [{ pid, snapshot: 4, dialect: 'strict', targetCount: 0, targets: [] }],
    });
    expect(await told('/connections')).toEqual({ processes: [{ pid, open: 0, connections: [] }] });
    expect(await told('/certificates')).toEqual({ processes: [{ pid, certificates: [] }] });
    expect(await told('/memory')).toMatchObject({ processes: [{ pid, rss: expect.any(Number) }] });
    expect(await told('/logging')).toEqual({ processes: [{ pid, level: 'info' }] });
    expect(await told('/logging?level=error', 'POST')).toEqual({ processes: [{ pid, level: 'error' }] });
    expect(await told('/logging')).toEqual({ processes: [{ pid, level: 'error' }] });
  });
});
