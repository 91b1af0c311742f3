import {
  buildInventory,
  type Explanation,
  explain,
  formatPlace,
  hasInvalid,
  type Inventory,
  loadResources,
  parseQuestion,
  type QuestionText,
  type SourceFile,
  strict,
} from '@sallyport/policy';
import type { Observation, SeedEngine } from './engine.js';
import type { GateAnswer, Scenario, SeedRequest } from './scenario.js';
import { targetUrl } from './target-url.js';
import { workloadNamed } from './workload-named.js';

/** An address of the documentation range, for clients outside the mesh. */
const outside = '203.0.113.7';

/** Walks the path of each request in this process, without sending it. */
export class InterpreterEngine implements SeedEngine {
  readonly name = 'interpreter';
  readonly #mesh: readonly SourceFile[];
  #inventory: Inventory;

  constructor(mesh: readonly SourceFile[]) {
    this.#mesh = mesh;
    this.#inventory = inventoryOf(mesh);
  }

  async enter(scenario: Scenario): Promise<void> {
    this.#inventory = inventoryOf([...this.#mesh, ...policyFiles(scenario)]);
  }

  async ask(request: SeedRequest): Promise<Observation> {
    const explanation = explainRequest(this.#inventory, request);
    return { effect: explanation.effect, gates: explanation.gates.map((gate) => answer(this.#inventory, gate)) };
  }

  async close(): Promise<void> {}
}

/** The path of a request, walked without sending it. Throws where it cannot be asked or arrives nowhere for another reason than policy. */
export function explainRequest(inventory: Inventory, request: SeedRequest): Explanation {
  const asked = parseQuestion(inventory, question(inventory, request));
  if ('problem' in asked) throw new Error(asked.problem.message);
  const explanation = explain(inventory, asked.question);
  if (explanation.failure !== null) throw new Error(explanation.failure.detail);
  return explanation;
}

/** What a scenario adds to its mesh, as a file. */
export function policyFiles(scenario: Scenario): SourceFile[] {
  return scenario.policies === undefined ? [] : [{ path: 'policies.yaml', text: scenario.policies }];
}

/** The inventory of these files in `strict`; throws with place and message where any of it is invalid. */
export function inventoryOf(files: readonly SourceFile[]): Inventory {
  const { set, diagnostics } = loadResources(files, strict);
  const built = buildInventory(set, strict);
  const all = [...diagnostics, ...built.diagnostics];
  if (hasInvalid(all)) throw new Error(all.map((one) => `${formatPlace(one.span)}: ${one.message}`).join('\n'));
  return built.inventory;
}

function question(inventory: Inventory, request: SeedRequest): QuestionText {
  return {
    from: request.from ?? outside,
    to: targetUrl(inventory, request).replace(/^dict:/, 'tcp:'),
    ...(request.via === undefined ? {} : { via: request.via }),
    ...(request.plaintext === undefined ? {} : { plaintext: true }),
    ...(request.method === undefined ? {} : { method: request.method }),
  };
}

function answer(inventory: Inventory, gate: Explanation['gates'][number]): GateAnswer {
  return {
    gate: gate.gate,
    name: gate.gate === 'ztunnel' ? ownerOf(inventory, gate.name) : gate.name,
    effect: gate.effect,
    reason: gate.reason,
    sourceIdentity: gate.sourceIdentity,
    ...(gate.policy === null ? {} : { policy: gate.policy }),
    ...(gate.rule === null ? {} : { rule: gate.rule }),
  };
}

function ownerOf(inventory: Inventory, key: string): string {
  const { namespace, ownerName } = workloadNamed(inventory, key);
  return `${namespace}/${ownerName}`;
}
