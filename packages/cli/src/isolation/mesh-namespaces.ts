import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reserveGatePorts } from '@sallyport/mesh';
import { CommandFailure } from '../exit-status.js';
import type { NamespacePlan } from './namespace-plan.js';
import { namespaceFile, namespacePrefix, routerName } from './namespace-plan.js';
import { joinScript, leaveScript, namespaceScript, routerScript } from './namespace-rules.js';
import { listNamespaces, removeNamespaces } from './remove-namespaces.js';
import { writeReplacedFiles } from './replaced-files.js';
import { runTool } from './run-tool.js';

/** Namespaces that are set up at once. */
const atOnce = 4;

/** The network namespaces of a mesh: made, joined by a router that leads nowhere else, and removed. */
export class MeshNamespaces {
  readonly #meshId: string;
  readonly #files: string;
  readonly #plans = new Map<string, NamespacePlan>();
  /** By name, what gives the reserved ports back. */
  readonly #reserved = new Map<string, () => void>();

  private constructor(meshId: string, files: string) {
    this.#meshId = meshId;
    this.#files = files;
  }

  /** Makes the router, where nothing is left of an earlier one. `files`: below it each namespace has a folder. */
  static async open(meshId: string, files: string): Promise<MeshNamespaces> {
    const namespaces = new MeshNamespaces(meshId, files);
    if ((await listNamespaces(meshId)).length > 0) {
      const hint = `if no such mesh runs, remove them: \`ip netns list\` shows \`${namespacePrefix(meshId)}*\``;
      throw new CommandFailure('network namespaces of a mesh of this folder exist already', { hint });
    }
    try {
      await runTool(['ip', 'netns', 'add', routerName(meshId)]);
      await inside(routerName(meshId), routerScript());
      return namespaces;
    } catch (error) {
      await namespaces.close();
      throw new CommandFailure(`the mesh cannot be isolated: ${(error as Error).message}`);
    }
  }

  /** Makes the namespaces that are missing; rejects, with all that it made removed again, where one cannot be made. */
  async add(plans: readonly NamespacePlan[]): Promise<void> {
    const missing = plans.filter(({ name }) => !this.#plans.has(name));
    if (missing.length === 0) return;
    try {
      await this.#make(missing);
    } catch (error) {
      await this.#remove(missing);
      throw new CommandFailure(`the mesh cannot be isolated: ${(error as Error).message}`);
    }
    for (const plan of missing) this.#plans.set(plan.name, plan);
  }

  /** Removes every namespace that is not among these, with all that runs in it. */
  async keep(plans: readonly NamespacePlan[]): Promise<void> {
    const kept = new Set(plans.map(({ name }) => name));
    const leaving = [...this.#plans.values()].filter(({ name }) => !kept.has(name));
    if (leaving.length === 0) return;
    for (const { name } of leaving) this.#plans.delete(name);
    await inside(routerName(this.#meshId), leaveScript(leaving));
    await this.#remove(leaving);
  }

  /** Removes all of it. */
  async close(): Promise<void> {
    this.#release([...this.#reserved.keys()]);
    this.#plans.clear();
    await removeNamespaces(await listNamespaces(this.#meshId));
    await rm(this.#files, { recursive: true, force: true });
  }

  #release(names: readonly string[]): void {
    for (const name of names) {
      this.#reserved.get(name)?.();
      this.#reserved.delete(name);
    }
  }

  async #make(plans: readonly NamespacePlan[]): Promise<void> {
    const router = routerName(this.#meshId);
    const batch = plans.flatMap(({ name, link }) => [
      `netns add ${name}`,
      `link add eth0 netns ${name} type veth peer name ${link} netns ${router}`,
    ]);
    await runTool(['ip', '-batch', '-'], `${batch.join('\n')}\n`);
    const waiting = [...plans];
    const worker = async (): Promise<void> => {
      for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
        await writeReplacedFiles(join(this.#files, plan.name), plan);
        await inside(plan.name, namespaceScript(plan));
        const ipv6 = plan.addresses.some((address) => address.includes(':'));
        this.#reserved.set(plan.name, reserveGatePorts(namespaceFile(plan.name), { ipv6 }));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await inside(router, joinScript(plans));
  }

  async #remove(plans: readonly NamespacePlan[]): Promise<void> {
    this.#release(plans.map(({ name }) => name));
    await removeNamespaces(plans.map(({ name }) => name));
    for (const { name } of plans) await rm(join(this.#files, name), { recursive: true, force: true });
  }
}

/** Runs a script in a namespace; its first failure ends it. */
function inside(name: string, script: string): Promise<string> {
  return runTool(['nsenter', `--net=${namespaceFile(name)}`, '/bin/sh', '-e'], `${script}\n`);
}
