import { probeAddress } from '../addresses/probe-address.js';
import { CommandFailure } from '../exit-status.js';
import { Application, type ApplicationOptions, type ApplicationPlan } from './application.js';

/** How long a command gets to end when it is told to. */
const graceMs = 3000;
/** How long the applications may take to listen before the mesh is called ready without them. */
const listenMs = 15_000;

/** The commands that run the workloads of a mesh. */
export class ApplicationGroup {
  readonly #optionsFor: (workload: string) => ApplicationOptions;
  readonly #applications = new Map<string, Application>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(optionsFor: (workload: string) => ApplicationOptions) {
    this.#optionsFor = optionsFor;
  }

  get applications(): readonly Application[] {
    return [...this.#applications.values()];
  }

  get(workload: string): Application | undefined {
    return this.#applications.get(workload);
  }

  /**
   * Rejects with `CommandFailure` where a command cannot listen, as something else does: whoever a gate admits would be answered by
   * that. To be asked before anything runs.
   */
  async assertFree(plans: readonly ApplicationPlan[]): Promise<void> {
    await Promise.all(
      plans.map(async ({ workload, host, port, isolation }) => {
        // In a namespace that was just made nothing listens.
        if (port === undefined || isolation !== undefined || (await probeAddress(host, port)) !== 'EADDRINUSE') return;
        throw new CommandFailure(`address ${host}:${port} is in use: the command of \`${workload}\` is to listen there`);
      }),
    );
  }

  /** Starts what is new, ends what is gone, and does both for what has changed. What stays the same is not touched. */
  async apply(plans: readonly ApplicationPlan[]): Promise<void> {
    const wanted = new Map(plans.map((plan) => [plan.workload, plan]));
    const ending = this.applications.filter(({ plan }) => JSON.stringify(plan) !== JSON.stringify(wanted.get(plan.workload)));
    const replaced = ending.map((application) => this.#end(application));
    for (const plan of plans) {
      if (!this.#applications.has(plan.workload)) this.#begin(plan, Promise.all(replaced));
    }
  }

  /** Resolves once each listens; with the workloads whose command does not, in time. */
  async listening(): Promise<string[]> {
    const answers = await Promise.all(
      this.applications.map(async (one) => ((await one.listening(listenMs)) ? [] : [one.plan.workload])),
    );
    return answers.flat();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#leaving, ...this.applications.map((application) => application.stop(graceMs))]);
  }

  /** Ends all of them at once. */
  async kill(): Promise<void> {
    await Promise.all(this.applications.map((application) => application.stop(0)));
  }

  /** The one before must have gone: they share an address. */
  #begin(plan: ApplicationPlan, before: Promise<unknown>): void {
    const application = new Application(plan, this.#optionsFor(plan.workload));
    this.#applications.set(plan.workload, application);
    void before.then(() => application.start());
  }

  #end(application: Application): Promise<void> {
    this.#applications.delete(application.plan.workload);
    const leaving = application.stop(graceMs).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return leaving;
  }
}
