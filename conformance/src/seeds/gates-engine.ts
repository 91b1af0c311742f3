import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inventory, SourceFile } from '@sallyport/policy';
import type { MeshEvent, MeshProcess } from '../mesh-process.js';
import { Curl } from './curl.js';
import type { Observation, SeedEngine } from './engine.js';
import { inventoryOf, policyFiles } from './interpreter-engine.js';
import { manifestFiles } from './manifest-files.js';
import { answersSince, readCounters } from './observe-gates.js';
import type { Scenario, SeedRequest } from './scenario.js';

const changeMilliseconds = 10_000;

/** Sends each request with curl, as the workload that it is from, through the gates of one mesh, whose folder scenarios change. */
export class GatesEngine implements SeedEngine {
  readonly name = 'gates';
  readonly #mesh: MeshProcess;
  readonly #curl: Curl;
  readonly #files: readonly SourceFile[];
  #inventory: Inventory;
  #inForce: string | undefined;

  /** Takes a mesh that is up; policies of scenarios become the file `policies.yaml` of its folder. */
  constructor(mesh: MeshProcess) {
    this.#mesh = mesh;
    this.#curl = new Curl(mesh);
    this.#files = manifestFiles(mesh.folder);
    this.#inventory = inventoryOf(this.#files);
  }

  /** Replaces the policies of the folder as an editor would, and waits until the mesh says that they are in force. */
  async enter(scenario: Scenario): Promise<void> {
    this.#inventory = inventoryOf([...this.#files, ...policyFiles(scenario)]);
    if (scenario.policies === this.#inForce) return;
    const answered = this.#mesh.next(isAnswer, changeMilliseconds);
    await Promise.all([answered, this.#write(scenario.policies)]);
    const event = await answered;
    if (event.event !== 'changed') throw new Error(`the mesh refused ${scenario.name}: ${JSON.stringify(event)}`);
    this.#inForce = scenario.policies;
  }

  async ask(request: SeedRequest): Promise<Observation> {
    const before = await readCounters(this.#mesh.report.gates);
    const result = await this.#curl.send(this.#inventory, request);
    const gates = await answersSince(before, request.expect.gates.length);
    return { effect: gates.some(({ effect }) => effect === 'deny') ? 'deny' : 'allow', gates, curl: result };
  }

  /** Lets go of the mesh, which stays up. */
  async release(): Promise<void> {
    await this.#curl.close();
  }

  async close(): Promise<void> {
    await this.release();
    await this.#mesh.stop();
  }

  async #write(policies: string | undefined): Promise<void> {
    const file = join(this.#mesh.folder, 'policies.yaml');
    if (policies === undefined) return rm(file);
    const hidden = join(this.#mesh.folder, '.policies.yaml');
    await writeFile(hidden, policies);
    await rename(hidden, file);
  }
}

function isAnswer({ event }: MeshEvent): boolean {
  return event === 'changed' || event === 'refused';
}
