import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SallyportPath } from '../wire/path/sallyport-path.js';
import { Eras } from './eras.js';
import { growing, type MemorySample, memoryOf } from './gate-memory.js';
import { connectOnce, Requester, type Seen } from './probes.js';

/** What a soak came to; without faults it has passed. */
export interface SoakReport {
  readonly connections: number;
  readonly requests: number;
  readonly changes: number;
  readonly memory: readonly (readonly MemorySample[])[];
  readonly faults: readonly string[];
}

/** What each state of the folder admits: even ones everything, odd ones neither connections to `echo` nor `/flip`. */
const admits = (state: number): boolean => state % 2 === 0;

const policies = (state: number): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: flip, namespace: bench, annotations: { state: "${state}" } }
spec:
  selector: { matchLabels: { app: echo } }
  action: DENY
  rules: [{ from: [{ source: { principals: [cluster.local/ns/bench/sa/${admits(state) ? 'nobody' : 'client'}] } }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: flip, namespace: bench-waypoint, annotations: { state: "${state}" } }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  action: DENY
  rules: [{ to: [{ operation: { paths: [/never/*${admits(state) ? '' : ', /flip/*'}] } }] }]
`;

const probesOfEachKind = 6;
const mostFaults = 20;

/**
 * Load on a pair of ztunnels and a waypoint while the folder changes every second, for so long. Whoever asks knows which states of policy may
 * answer, and what is always and never allowed. Memory is read as it goes.
 */
export async function soak(seconds: number, say: (line: string) => void): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'));
  // Every process of the mesh gets these from here.
  const { NODE_OPTIONS } = process.env;
  process.env.SALLYPORT_SOAK_MEMORY = folder;
  process.env.NODE_OPTIONS = `--import ${new URL('../../dist/soak/collect-garbage.js', import.meta.url).href}`;
  let path: SallyportPath | undefined;
  try {
    path = await SallyportPath.start(1, { 'flip.yaml': policies(0) });
    return await new Soak(path, folder, seconds, say).run();
  } finally {
    delete process.env.SALLYPORT_SOAK_MEMORY;
    delete process.env.NODE_OPTIONS;
    if (NODE_OPTIONS !== undefined) process.env.NODE_OPTIONS = NODE_OPTIONS;
    await path?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class Soak {
  readonly #eras = new Eras(0);
  readonly #faults: string[] = [];
  readonly #memory: MemorySample[][] = [];
  readonly #until: number;
  #connections = 0;
  #requests = 0;
  #changes = 0;
  #stuck = false;

  constructor(
    private readonly path: SallyportPath,
    private readonly folder: string,
    private readonly seconds: number,
    private readonly say: (line: string) => void,
  ) {
    this.#until = performance.now() + seconds * 1000;
  }

  async run(): Promise<SoakReport> {
    const each = <Made>(make: () => Made): Made[] => Array.from({ length: probesOfEachKind }, make);
    await Promise.all([this.#change(), this.#watchMemory(), ...each(() => this.#connect()), ...each(() => this.#request())]);
    if (this.#changes < 2 || this.#requests === 0) this.#fault('too little happened to say anything');
    this.#faults.push(...growing(this.#memory));
    return {
      connections: this.#connections,
      requests: this.#requests,
      changes: this.#changes,
      memory: this.#memory,
      faults: this.#faults,
    };
  }

  get #over(): boolean {
    return performance.now() > this.#until || this.#faults.length >= mostFaults || this.#stuck;
  }

  #fault(what: string): void {
    this.#faults.push(what);
    this.say(what);
  }

  async #change(): Promise<void> {
    for (let state = 1; !this.#over; state += 1) {
      const began = performance.now();
      this.#eras.begin(state);
      try {
        await this.path.change('flip.yaml', policies(state));
      } catch (error) {
        this.#fault(`change ${state} is not in force: ${(error as Error).message}`);
        this.#stuck = true;
        return;
      }
      this.#eras.settle(state);
      this.#changes += 1;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + 1000 - performance.now())));
    }
  }

  async #watchMemory(): Promise<void> {
    const pause = Math.max(2, this.seconds / 30) * 1000;
    while (!this.#over) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, Math.max(0, this.#until - performance.now()))));
      this.#memory.push(await memoryOf(this.path.gates, this.folder));
      this.say(
        `${this.#connections} connections, ${this.#requests} requests, ${this.#changes} changes, ${megabytes(this.#memory.at(-1) ?? [])}`,
      );
    }
  }

  async #connect(): Promise<void> {
    while (!this.#over) {
      await this.#probe('a connection', () => connectOnce(this.path.connection), admits);
      this.#connections += 1;
    }
  }

  async #request(): Promise<void> {
    const requester = new Requester(this.path.requests);
    while (!this.#over) {
      await this.#probe(
        '/always',
        () => requester.get('/always'),
        () => true,
      );
      await this.#probe('/flip', () => requester.get('/flip/x'), admits);
      await this.#probe(
        '/never',
        () => requester.get('/never/x'),
        () => false,
      );
      this.#requests += 3;
    }
    requester.close();
  }

  async #probe(what: string, ask: () => Promise<Seen>, admitted: (state: number) => boolean): Promise<void> {
    const from = this.#eras.now;
    const seen = await ask().catch((error: unknown) => String(error));
    const states = [...this.#eras.between(from, this.#eras.now)];
    if (states.some((state) => seen === (admitted(state) ? 'allowed' : 'denied'))) return;
    this.#fault(`${what} was ${seen} in state ${states.join(' or ')}`);
  }
}

function megabytes(samples: readonly MemorySample[]): string {
  return samples.map(({ gate, bytes }) => `${gate} ${(bytes / 1e6).toFixed(1)} MB`).join(', ');
}
