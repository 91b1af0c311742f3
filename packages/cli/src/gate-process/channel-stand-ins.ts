import type { StandIns } from '@sallyport/mesh';
import type { FromGate } from '../gate-protocol/messages.js';

/** What a worker asks for. */
type Question = Extract<FromGate, { type: 'stand-in-of' | 'name-of' }>;

interface Waiting {
  resolve(answer: string | undefined): void;
  reject(error: Error): void;
}

/** How long the first process of a gate may take; a client of a resolver asks again after some seconds. */
const answerMs = 5_000;

/**
 * The stand-ins of a gate with several processes: all ask the first one, and none remembers an answer, as an address may have come to
 * stand for another name since. Rejects where that process is gone or silent, so that no connection goes where nobody meant it to.
 */
export class ChannelStandIns implements StandIns {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `send` sends a question; false where the first process is gone. */
  constructor(private readonly send: (question: Question) => boolean) {}

  async addressOf(name: string): Promise<string> {
    const address = await this.#ask((id) => ({ type: 'stand-in-of', id, name }));
    if (address === undefined) throw new Error('no address stands for the name');
    return address;
  }

  nameOf(address: string): Promise<string | undefined> {
    return this.#ask((id) => ({ type: 'name-of', id, address }));
  }

  /** The answer to a question. */
  answered(id: number, answer: string | undefined): void {
    this.#take(id)?.resolve(answer);
  }

  #ask(question: (id: number) => Question): Promise<string | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => this.#take(id)?.reject(new Error(why));
      const timer = setTimeout(() => fail('the first process did not answer in time'), answerMs);
      this.#waiting.set(id, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (!this.send(question(id))) fail('the first process is gone');
    });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
