import type { Authorization, BodyInCheck, CheckBody, CustomQuestion, CustomStage, ProviderReply } from '@sallyport/policy';
import type { TraceHeaders } from '../telemetry/tracing/trace-context.js';
import type { AuthorizerCalls } from './authorizer-calls.js';

/** How a consultation gets what it needs. */
export interface ConsultationOptions {
  readonly calls: Pick<AuthorizerCalls, 'ask'>;
  /** How long an earlier answer holds while its authorizer cannot be asked again. */
  readonly answerAgeMs: number;
  /** The beginning of the request's body, as much as an authorizer may see; undefined where it has none. */
  readonly readBody?: (wanted: BodyInCheck) => Promise<CheckBody | undefined>;
  /** The place of the request or connection in its trace, where spans are exported. */
  readonly trace?: () => TraceHeaders | undefined;
}

/** An answer that was given, and what it was given on. */
interface Answer {
  readonly basis: string;
  readonly reply: ProviderReply | 'too-large';
}

/** Where a consultation stands under one snapshot. */
interface Standing {
  readonly authorization: Authorization;
  /** Questions to which only an earlier answer is known, on another basis, or none at all: where the provider fails open, that admits. */
  readonly outdated: readonly CustomQuestion[];
}

/**
 * What the authorizers said about one request or connection, for as long as it is open. An answer holds until its provider or its
 * policies change. Then the authorizer is asked again, one such question at a time, and until it answers the earlier answer
 * holds, up to a configured age. What was never asked is not admitted.
 */
export class Consultation {
  /** Made when the first answer is there: most requests ask nobody. */
  #answers: Map<string, Answer> | undefined;
  #outdatedSince: Map<string, number> | undefined;
  #renewing = false;
  #closed = false;

  constructor(private readonly options: ConsultationOptions) {}

  /** Whether the request or connection is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What the stage comes to by the answers that hold; undefined where one is missing. */
  settled(stage: CustomStage): Authorization | undefined {
    let at = stage;
    while (at.kind === 'question') {
      const answer = this.#answers?.get(at.question.provider.name);
      if (answer?.basis !== at.question.basis) return undefined;
      at = at.question.answered(answer.reply);
    }
    return at.authorization;
  }

  /** Asks everything that the stage asks and nobody has answered. Never rejects. */
  async ask(stage: CustomStage): Promise<void> {
    let at = stage;
    while (at.kind === 'question' && !this.#closed) {
      const { question } = at;
      const known = this.#answers?.get(question.provider.name);
      const reply = known?.basis === question.basis ? known.reply : await this.#askOne(question);
      this.#remember(question, reply);
      at = question.answered(reply);
    }
  }

  /** What the stage comes to now, for something that was admitted before. */
  standing(stage: CustomStage): Standing {
    const outdated: CustomQuestion[] = [];
    let at = stage;
    while (at.kind === 'question') {
      const { question } = at;
      const answer = this.#answers?.get(question.provider.name);
      if (answer?.basis !== question.basis) outdated.push(question);
      at = question.answered(answer === undefined ? neverAsked : this.#held(question, answer));
    }
    return { authorization: at.authorization, outdated };
  }

  /** Asks outdated questions again, then calls back. One renewal runs at a time; it covers what is outdated when it is over. */
  renew(outdated: readonly CustomQuestion[], renewed: () => void): void {
    if (this.#renewing || this.#closed || outdated.length === 0) return;
    this.#renewing = true;
    void this.#renew(outdated).finally(() => {
      this.#renewing = false;
      if (!this.#closed) renewed();
    });
  }

  /** The request or connection is over: nobody is asked about it any more. */
  close(): void {
    this.#closed = true;
  }

  async #renew(outdated: readonly CustomQuestion[]): Promise<void> {
    for (const question of outdated) {
      if (this.#closed) return;
      const reply = await renewals.run(() => this.#askOne(question));
      const answered = reply === 'too-large' || reply.kind !== 'failed';
      // A failure takes no earlier answer away.
      if (answered || !this.#answers?.has(question.provider.name)) this.#remember(question, reply);
      else if (!this.#closed) await pause(renewalPauseMs);
    }
  }

  #held(question: CustomQuestion, answer: Answer): ProviderReply | 'too-large' {
    const { name } = question.provider;
    if (answer.basis === question.basis) return answer.reply;
    this.#outdatedSince ??= new Map();
    const since = this.#outdatedSince.get(name) ?? performance.now();
    this.#outdatedSince.set(name, since);
    return performance.now() - since < this.options.answerAgeMs
      ? answer.reply
      : { kind: 'failed', detail: 'did not answer again in time' };
  }

  #remember(question: CustomQuestion, reply: ProviderReply | 'too-large'): void {
    this.#answers ??= new Map();
    this.#answers.set(question.provider.name, { basis: question.basis, reply });
    this.#outdatedSince?.delete(question.provider.name);
  }

  async #askOne(question: CustomQuestion): Promise<ProviderReply | 'too-large'> {
    try {
      const body = question.body === undefined ? undefined : await this.options.readBody?.(question.body);
      const check = question.check(body);
      return check === 'too-large' ? check : await this.options.calls.ask(question, check, this.options.trace?.());
    } catch (error) {
      return { kind: 'failed', detail: `could not be asked: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
}

const neverAsked: ProviderReply = { kind: 'failed', detail: 'has not been asked about it' };

/** Between two attempts to ask an authorizer again that does not answer. */
const renewalPauseMs = 1_000;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

/** Runs so many at once, the rest in turn: a change of policy must not become a flood of questions. */
class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** Shared by all connections of a gate process. */
const renewals = new Turnstile(16);
