import type { ResponseHead } from './exchange.js';
import type { CallListener, UpstreamError, UpstreamResponse } from './upstream.js';

/** What comes back on one call, kept until somebody listens. The first of `answer` and `fail` counts, and nothing after it. */
export class CallOutcome {
  #listener: CallListener | undefined;
  #settled = false;
  #response: UpstreamResponse | undefined;
  #error: UpstreamError | undefined;

  listen(listener: CallListener): void {
    this.#listener = listener;
    this.#tell();
  }

  inform(head: ResponseHead): void {
    if (!this.#settled) this.#listener?.informed(head);
  }

  answer(response: UpstreamResponse): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#response = response;
    this.#tell();
  }

  fail(error: UpstreamError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#error = error;
    this.#tell();
  }

  #tell(): void {
    if (this.#response !== undefined) this.#listener?.answered(this.#response);
    else if (this.#error !== undefined) this.#listener?.failed(this.#error);
  }
}
