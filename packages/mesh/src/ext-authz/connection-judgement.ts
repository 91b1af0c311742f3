import type { Authorization, ConnectionAttributes, CustomStage, Verdict } from '@sallyport/policy';
import { Consultation, type ConsultationOptions } from './consultation.js';

/** How a gate judges one connection under the snapshot in force; undefined where nothing serves it any more. */
export interface ConnectionStages {
  readonly authorize: (published?: Published) => CustomStage | undefined;
  readonly verdict: (authorization: Authorization, published?: Published) => Verdict | undefined;
}

/** What filters on a connection say about it, or about one of its messages. */
export type Published = Pick<ConnectionAttributes, 'metadata' | 'awaited'>;

/** The verdicts on one connection for as long as it is open: authorizers are asked first, and again when that is due. */
export class ConnectionJudgement {
  readonly #consultation: Consultation;

  constructor(
    private readonly stages: ConnectionStages,
    options: ConsultationOptions,
  ) {
    this.#consultation = new Consultation(options);
  }

  /**
   * The verdict where every answer is there, at once; else a promise of it. It is given under the snapshot that is in force when
   * the last answer has come.
   */
  first(published?: Published): Verdict | undefined | Promise<Verdict | undefined> {
    const stage = this.stages.authorize(published);
    if (stage === undefined) return undefined;
    const authorization = this.#consultation.settled(stage);
    return authorization === undefined ? this.#asked(stage, published) : this.stages.verdict(authorization, published);
  }

  /** The verdict on one message of a connection that was admitted. Nobody is asked about it: what was never answered denies. */
  message(published: Published): Verdict | undefined {
    const stage = this.stages.authorize(published);
    return stage && this.stages.verdict(this.#consultation.standing(stage).authorization, published);
  }

  /** The verdict under a new snapshot. Where an authorizer has to be asked again for it, `renewed` is called once it was. */
  again(renewed: () => void, published?: Published): Verdict | undefined {
    const stage = this.stages.authorize(published);
    if (stage === undefined) return undefined;
    const { authorization, outdated } = this.#consultation.standing(stage);
    const verdict = this.stages.verdict(authorization, published);
    if (verdict?.effect === 'allow') this.#consultation.renew(outdated, renewed);
    return verdict;
  }

  /** The connection is over. */
  close(): void {
    this.#consultation.close();
  }

  async #asked(stage: CustomStage, published: Published | undefined): Promise<Verdict | undefined> {
    await this.#consultation.ask(stage);
    return this.#consultation.closed ? undefined : this.first(published);
  }
}
