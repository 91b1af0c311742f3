import { joinsLines } from '../reference/headers.js';
import type { RequestAttributes, RequestEdits } from '../verdict/attributes.js';
import { trimBlanks } from '../verdict/trim-blanks.js';

/** A request while its tokens are looked at: what was sent, less what was removed, plus what was added. */
export class EditedRequest {
  readonly #sent: readonly (readonly [name: string, value: string])[];
  readonly #removed = new Set<string>();
  #added: (readonly [name: string, value: string])[] = [];
  #path: string;

  /** `path` is the normalised one. */
  constructor(
    readonly request: RequestAttributes,
    path: string,
  ) {
    this.#sent = request.headers.map(([name, value]) => [name.toLowerCase(), trimBlanks(value)]);
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  set path(path: string) {
    this.#path = path;
  }

  /** The names of what the client sent. */
  names(): readonly string[] {
    return this.#sent.map(([name]) => name);
  }

  /** The values of a header, one for each line, or a single one where its lines are joined on arrival. */
  values(name: string): readonly string[] {
    const lower = name.toLowerCase();
    const sent = this.#removed.has(lower) ? [] : this.#sent.filter(([each]) => each === lower);
    const values = [...sent, ...this.#added.filter(([each]) => each === lower)].map(([, value]) => value);
    return joinsLines(lower) && values.length > 0 ? [values.filter((value) => value !== '').join(',')] : values;
  }

  /** Removes every line of a header, ours included. */
  remove(name: string): void {
    const lower = name.toLowerCase();
    if (this.#sent.some(([each]) => each === lower)) this.#removed.add(lower);
    this.#added = this.#added.filter(([each]) => each !== lower);
  }

  add(name: string, value: string): void {
    this.#added.push([name.toLowerCase(), value]);
  }

  edits(sentPath: string, reserved: readonly string[]): RequestEdits {
    return {
      reserved: reserved.map((name) => name.toLowerCase()),
      removed: [...this.#removed],
      added: this.#added,
      ...(this.#path === sentPath ? {} : { path: this.#path }),
    };
  }
}
