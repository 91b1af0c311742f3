import { type CertificateAuthority, type RevocationList, renewalTime, retryDelay } from '@sallyport/control';
import type { GateKeeper } from './gate-keeper.js';
import type { ListFile } from './list-file.js';

/** What is to be revoked: all that an identity has, or the one certificate in this PEM text. */
export type RevocationWish = { readonly identity: string } | { readonly certificate: string };

/** What a `Revocations` needs. */
export interface RevocationsOptions {
  readonly authority: CertificateAuthority;
  readonly gates: () => readonly GateKeeper[];
  /** The list to begin with. */
  readonly first: RevocationList;
  /** Lists that count beside the authority's own. */
  readonly file: ListFile | undefined;
  /** Called once other lists of the file, or that they cannot be used, are in force at every gate. */
  readonly onFile: (file: ListFile) => void;
}

/** How long the gates' own new certificates are waited for before their old ones are revoked. */
const renewMs = 1000;

/** Keeps the authority's revocation list fresh, and in force at every gate. */
export class Revocations {
  readonly #options: RevocationsOptions;
  #current: RevocationList;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    this.#current = options.first;
    this.#schedule();
    const { file } = options;
    file?.watch(async () => {
      await this.#distribute();
      options.onFile(file);
    });
  }

  /** Where the lists beside the authority's own come from. */
  get file(): ListFile | undefined {
    return this.#options.file;
  }

  /** The lists in force, PEM: what a gate that starts is given. Empty where those of the file cannot be used: then nobody is cleared. */
  get list(): string {
    const { file } = this.#options;
    if (file === undefined) return this.#current.list;
    return file.text === undefined ? '' : `${this.#current.list}${file.text}`;
  }

  /**
   * Revokes, and resolves once that is in force at every gate that runs: what the certificates admitted has ended there. The gates' own get
   * others first, so that workloads go on.
   */
  async revoke(wish: RevocationWish): Promise<{ readonly identity: string; readonly count: number }> {
    const { authority } = this.#options;
    const revoked =
      'certificate' in wish
        ? { identity: await authority.revokeCertificate(wish.certificate), count: 1 }
        : { identity: wish.identity, count: await authority.revoke(wish.identity) };
    await this.#renewGates(revoked.identity);
    await this.#publish();
    return revoked;
  }

  close(): void {
    this.#options.file?.close();
    clearTimeout(this.#timer);
  }

  /** Revoked are the certificates from before: those that gates get now are not. */
  async #renewGates(identity: string): Promise<void> {
    await Promise.all(this.#options.gates().map((gate) => gate.renew(identity, renewMs)));
  }

  async #publish(): Promise<void> {
    this.#current = await this.#options.authority.revocationList();
    this.#schedule();
    await this.#distribute();
  }

  async #distribute(): Promise<void> {
    await Promise.all(this.#options.gates().map((gate) => gate.revoke(this.list)));
  }

  /** A list runs out, as certificates do; the next one comes at about half of its life. */
  #schedule(): void {
    const { thisUpdate, nextUpdate } = this.#current;
    const due = renewalTime({ notBefore: thisUpdate, notAfter: nextUpdate }, Math.random());
    this.#publishIn(due.getTime() - Date.now(), 0);
  }

  #publishIn(waitMs: number, attempt: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#publish().catch(() => this.#publishIn(retryDelay(attempt, Math.random()), attempt + 1));
      },
      Math.max(0, waitMs),
    );
    this.#timer.unref();
  }
}
