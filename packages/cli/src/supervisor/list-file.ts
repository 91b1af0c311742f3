import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { checkLists } from '@sallyport/mesh';
import { CommandFailure } from '../exit-status.js';

/** What a file of revocation lists comes to: its text, or why it cannot be used. */
type Reading = { readonly text: string; readonly until: Date } | { readonly problem: string };

/** Files are looked at this often. */
const watchMs = 500;
/** Timers reach no further than some weeks; a look more does no harm. */
const longestWaitMs = 24 * 60 * 60 * 1000;

/**
 * Revocation lists that somebody else keeps in a file, PEM (`up --crl`). It is read again when it changes and when a list in it runs out; while
 * it cannot be used, nothing is known of anybody's certificate.
 */
export class ListFile {
  readonly path: string;
  readonly #bundle: string;
  #reading: Reading;
  #timer: NodeJS.Timeout | undefined;
  #onChange: (() => Promise<void>) | undefined;
  #turn: Promise<void> = Promise.resolve();

  private constructor(path: string, bundle: string, first: Reading) {
    this.path = path;
    this.#bundle = bundle;
    this.#reading = first;
  }

  /** Opens one whose lists are signed by a root of the bundle, PEM. Rejects with `CommandFailure` where it cannot be used now. */
  static async open(path: string, bundle: string): Promise<ListFile> {
    const first = await read(path, bundle);
    if ('problem' in first) {
      throw new CommandFailure(`revocation lists \`${path}\` cannot be used: ${first.problem}`, {
        hint: "give lists in PEM that are valid now and signed with the key of this mesh's root, or start without --crl",
      });
    }
    return new ListFile(path, bundle, first);
  }

  /** The lists; undefined where they cannot be used. */
  get text(): string | undefined {
    return 'text' in this.#reading ? this.#reading.text : undefined;
  }

  /** Why they cannot be used. */
  get problem(): string | undefined {
    return 'problem' in this.#reading ? this.#reading.problem : undefined;
  }

  /** Calls back, one call after the other, whenever the lists or the problem have changed. */
  watch(onChange: () => Promise<void>): void {
    this.#onChange = onChange;
    watchFile(this.path, { interval: watchMs, persistent: false }, this.#look);
    // What has changed between the first reading and the first look is no change to look at.
    this.#look();
  }

  close(): void {
    this.#onChange = undefined;
    unwatchFile(this.path, this.#look);
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    this.#turn = this.#turn.then(() => this.#readAgain());
  };

  async #readAgain(): Promise<void> {
    const before = this.#reading;
    const next = await read(this.path, this.#bundle);
    if (this.#onChange === undefined) return;
    this.#reading = next;
    this.#schedule();
    const isSame =
      'text' in next ? 'text' in before && next.text === before.text : 'problem' in before && next.problem === before.problem;
    if (!isSame) await this.#onChange();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if ('problem' in this.#reading) return;
    this.#timer = setTimeout(this.#look, Math.min(longestWaitMs, Math.max(0, this.#reading.until.getTime() - Date.now())));
    this.#timer.unref();
  }
}

async function read(path: string, bundle: string): Promise<Reading> {
  try {
    const bytes = await readFile(path);
    const text = bytes.toString('latin1');
    if (!text.includes('-----BEGIN')) return { problem: 'it holds no list in PEM' };
    return { text, until: checkLists(bytes, bundle, new Date()) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: code === undefined ? message : `it cannot be read: ${code}` };
  }
}
