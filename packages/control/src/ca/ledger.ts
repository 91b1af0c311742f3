import { appendFile, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';

/** A certificate that was issued, as its authority remembers it. */
export interface LedgerEntry {
  /** Hexadecimal. */
  readonly serial: string;
  readonly identity: string;
  readonly notAfter: Date;
  /** Since when it is revoked. */
  readonly revokedAt?: Date;
}

/**
 * Which certificates an authority has issued and revoked, until they run out. A line of JSON is appended for each before anyone gets the certificate, or is told that
 * it is revoked, so a crash loses neither.
 */
export class Ledger {
  readonly #path: string | undefined;
  readonly #entries: Map<string, LedgerEntry>;
  /** What goes to the disk with the next write: each write waits for the disk, so those that come meanwhile share one. */
  #next: { readonly entries: LedgerEntry[]; readonly written: Promise<void> } | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string | undefined, entries: Map<string, LedgerEntry>) {
    this.#path = path;
    this.#entries = entries;
  }

  /** One that lives as long as this process. */
  static inMemory(): Ledger {
    return new Ledger(undefined, new Map());
  }

  /**
   * Opens the one that is kept in a file, or begins it; what has run out by `now` is left out. Rejects where a line cannot be read: a revocation may
   * have been in it. A last line without an end was being written in a crash, and nobody relies on it.
   */
  static async open(path: string, now: Date): Promise<Ledger> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const entries = new Map<string, LedgerEntry>();
    for (const [index, line] of text.split('\n').slice(0, -1).entries()) readLine(entries, line, `${path}:${index + 1}`);
    for (const [serial, { notAfter }] of entries) if (notAfter <= now) entries.delete(serial);
    await writeFile(`${path}.new`, [...entries.values()].map(toLine).join(''), { mode: 0o600 });
    await rename(`${path}.new`, path);
    return new Ledger(path, entries);
  }

  /** Certificates that have not run out, issued or revoked. */
  entries(now: Date): LedgerEntry[] {
    return [...this.#entries.values()].filter(({ notAfter }) => notAfter > now);
  }

  /** Writes entries down, new ones or changed ones; resolves once they are on their way to the disk. */
  async record(entries: readonly LedgerEntry[]): Promise<void> {
    this.#next ??= this.#plan();
    this.#next.entries.push(...entries);
    await this.#next.written;
    for (const entry of entries) this.#entries.set(entry.serial, entry);
  }

  #plan(): { readonly entries: LedgerEntry[]; readonly written: Promise<void> } {
    const entries: LedgerEntry[] = [];
    const written = this.#writing.then(() => {
      this.#next = undefined;
      return this.#append(entries);
    });
    this.#writing = written.catch(() => undefined);
    return { entries, written };
  }

  async #append(entries: readonly LedgerEntry[]): Promise<void> {
    if (this.#path === undefined) return;
    const { size } = await stat(this.#path);
    try {
      await appendFile(this.#path, entries.map(toLine).join(''), { mode: 0o600, flush: true });
    } catch (error) {
      // On a full disk a part of a line may be left, which the next line would then be the rest of.
      await truncate(this.#path, size);
      throw error;
    }
  }
}

function toLine({ serial, identity, notAfter, revokedAt }: LedgerEntry): string {
  const line = {
    serial,
    identity,
    notAfter: notAfter.toISOString(),
    ...(revokedAt === undefined ? {} : { revokedAt: revokedAt.toISOString() }),
  };
  return `${JSON.stringify(line)}\n`;
}

function readLine(entries: Map<string, LedgerEntry>, text: string, place: string): void {
  try {
    const { serial, identity, notAfter, revokedAt } = JSON.parse(text) as Record<string, unknown>;
    if (typeof serial !== 'string' || typeof identity !== 'string') throw new Error('no serial number or identity');
    entries.set(serial, {
      serial,
      identity,
      notAfter: dateOf(notAfter),
      ...(revokedAt === undefined ? {} : { revokedAt: dateOf(revokedAt) }),
    });
  } catch (error) {
    throw new Error(`${place}: no record of a certificate: ${(error as Error).message}`);
  }
}

function dateOf(value: unknown): Date {
  const date = new Date(String(value));
  if (Number.isNaN(date.getTime())) throw new Error(`\`${String(value)}\` is no date`);
  return date;
}
