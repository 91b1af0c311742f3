import type { X509Certificate } from 'node:crypto';
import { parseLists } from './parse-lists.js';
import { normalSerial, type RevocationList } from './revocation-list.js';

/** Where a gate gets the revocation lists that it judges peers by (reference section 7.2). A gate without one asks about no revocation. */
export interface RevocationSource {
  /** The lists, DER or PEM; undefined where they are configured and cannot be had. */
  current(): Uint8Array | undefined;
  /** Called whenever they may have changed. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

/** What is known of a chain: `revoked` is an authority's word, `unknown` is that nobody can tell. */
export type RevocationStatus =
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly serial: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** The lists of one authority: those that name it, and those among them that it has signed. */
interface AuthorityLists {
  readonly named: readonly RevocationList[];
  readonly proven: readonly RevocationList[];
}

/** Authorities whose lists are remembered: as many as a mesh has, and no more than a peer can make up. */
const mostAuthorities = 256;

const good: RevocationStatus = { kind: 'good' };

/**
 * Revocation lists as one reading of them gives them. In `strict` a chain is good only where each authority in it has a list that is current and
 * signed by it. `upstream` does as ztunnel does: no list, or none that can be read, revokes nobody, and one that has run out still counts; only a list
 * with a wrong signature refuses (design: "CRL configured but unusable").
 */
export class Revocation {
  readonly #lists: readonly RevocationList[];
  readonly #unusable: string | undefined;
  readonly #strict: boolean;
  /** By fingerprint of the authority. */
  readonly #known = new Map<string, AuthorityLists>();

  private constructor(lists: readonly RevocationList[], unusable: string | undefined, strict: boolean) {
    this.#lists = lists;
    this.#unusable = unusable;
    this.#strict = strict;
  }

  /** Reads lists; what cannot be read is a value that says so, never an exception. */
  static read(bytes: Uint8Array | undefined, strict: boolean): Revocation {
    if (bytes === undefined) return new Revocation([], 'the revocation lists cannot be had', strict);
    try {
      return new Revocation(parseLists(bytes), undefined, strict);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return new Revocation([], `the revocation lists cannot be read: ${detail}`, strict);
    }
  }

  /** Why none of the lists can be used, where that is so. */
  get unusable(): string | undefined {
    return this.#unusable;
  }

  /** The next moment at which a verdict may change because a list begins or runs out. */
  nextChange(now: Date): Date | undefined {
    if (!this.#strict) return undefined;
    const times = this.#lists.flatMap(({ thisUpdate, nextUpdate }) => [thisUpdate.getTime(), nextUpdate.getTime()]);
    const next = Math.min(...times.filter((time) => time > now.getTime()));
    return Number.isFinite(next) ? new Date(next) : undefined;
  }

  /** Judges a chain, the peer's certificate first, the root that it leads to last. The root itself is trusted, not judged. */
  statusOf(chain: readonly X509Certificate[], now: Date): RevocationStatus {
    if (this.#unusable !== undefined) return this.#strict ? { kind: 'unknown', detail: this.#unusable } : good;
    for (const [index, authority] of chain.slice(1).entries()) {
      const certificate = chain[index];
      const status = certificate === undefined ? good : this.#statusOfOne(certificate, authority, now);
      if (status.kind !== 'good') return status;
    }
    return good;
  }

  #statusOfOne({ serialNumber }: X509Certificate, authority: X509Certificate, now: Date): RevocationStatus {
    const { named, proven } = this.#listsOf(authority);
    if (proven.some((list) => list.has(normalSerial(serialNumber)))) return { kind: 'revoked', serial: serialNumber };
    if (named.length === 0 && !this.#strict) return good;
    const why = this.#whyUnknown(named, proven, serialNumber, now);
    return why === undefined ? good : { kind: 'unknown', detail: `${why} (issuer \`${oneLine(authority.subject)}\`)` };
  }

  #whyUnknown(
    named: readonly RevocationList[],
    proven: readonly RevocationList[],
    serial: string,
    now: Date,
  ): string | undefined {
    if (named.length === 0) return 'no revocation list of its issuer';
    if (proven.length === 0) return 'the revocation list is not signed by its issuer';
    if (!this.#strict) return undefined;
    if (serial.startsWith('-')) return 'a negative serial number is in no revocation list';
    const whole = proven.filter(({ isDelta }) => !isDelta);
    if (whole.length === 0) return 'the revocation list adds to one that is missing';
    if (whole.some(({ thisUpdate, nextUpdate }) => thisUpdate <= now && now < nextUpdate)) return undefined;
    return whole.every(({ thisUpdate }) => thisUpdate > now)
      ? 'the revocation list is not valid yet'
      : 'the revocation list has run out';
  }

  #listsOf(authority: X509Certificate): AuthorityLists {
    const known = this.#known.get(authority.fingerprint256);
    if (known !== undefined) return known;
    const named = this.#lists.filter((list) => list.names(authority));
    const lists = { named, proven: named.filter((list) => list.isSignedBy(authority)) };
    if (this.#known.size >= mostAuthorities) this.#known.clear();
    this.#known.set(authority.fingerprint256, lists);
    return lists;
  }
}

function oneLine(subject: string | undefined): string {
  return (subject ?? '').replaceAll('\n', ', ');
}
