import { ExactTexts } from './exact.js';
import type { Hits, Scanner } from './scanner.js';

const scheme = 'spiffe://';

/** Where the namespace of `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT` begins; -1 for a text of any other form. */
export function namespaceStart(identity: string): number {
  if (!identity.startsWith(scheme)) return -1;
  const domainEnd = identity.indexOf('/', scheme.length);
  if (domainEnd <= scheme.length || !identity.startsWith('/ns/', domainEnd)) return -1;
  const start = domainEnd + 4;
  const end = identity.indexOf('/', start);
  if (end <= start || !identity.startsWith('/sa/', end)) return -1;
  return end + 4 < identity.length && identity.indexOf('/', end + 4) < 0 ? start : -1;
}

/** Looks up one part of identities that have the SPIFFE form: the namespace, or the namespace with the account. */
export class SpiffeForm implements Scanner {
  readonly #texts = new ExactTexts();

  constructor(private readonly place: 'namespace' | 'account') {}

  add(text: string, question: number): void {
    this.#texts.add(text, question);
  }

  /** To be called once, after the last text. */
  finish(options: { readonly textEnds: boolean }): void {
    this.#texts.finish(options);
  }

  scan(identity: string): number {
    const start = namespaceStart(identity);
    if (start < 0) return 0;
    return this.#texts.scan(
      this.place === 'account' ? identity.slice(start) : identity.slice(start, identity.indexOf('/', start)),
    );
  }

  report(id: number, hits: Hits): void {
    this.#texts.report(id, hits);
  }
}
