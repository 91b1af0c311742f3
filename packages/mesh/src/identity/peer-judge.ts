import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ResponseFlags } from '../telemetry/response-flags.js';
import { endAt } from './end-at.js';
import { identityOfSubjectAltName } from './peer-identity.js';
import { Revocation, type RevocationSource } from './revocation/revocation.js';
import type { SpiffeIdentity } from './spiffe-identity.js';
import { pathToRoot, rootsOf, shownBy } from './trust-path.js';

/** Who is at the other end of a mutual TLS connection, and until when that is proven. */
export interface Peer {
  readonly identity: SpiffeIdentity;
  /** The peer's certificate first, the root that it led to in the handshake last. */
  readonly path: readonly X509Certificate[];
  /** From now on no new tunnel begins on this connection: a new connection shows a newer certificate. */
  readonly drainAt: Date;
  /** The earliest end of a validity in `path`: the connection ends with it. */
  readonly notAfter: Date;
}

/** Why a peer gets no connection, or none any more. */
export interface PeerRefusal {
  readonly kind: 'refused';
  readonly detail: string;
  readonly flags: ResponseFlags;
}

/** A peer, or the reason why there is none; a refused peer gets no connection. */
export type PeerResult = { readonly kind: 'peer'; readonly peer: Peer } | PeerRefusal;

/** What peers are judged by. */
export interface PeerJudgeOptions {
  /** In force now. Without any, nobody is admitted. */
  readonly trustDomains: () => readonly string[];
  /** Whether what cannot be known of a revocation refuses; true where absent. */
  readonly strict?: () => boolean;
  readonly revocation?: RevocationSource;
  /** Told of each connection that is refused or ended as its peer's certificate is revoked. */
  readonly revoked?: (reporter: JudgingSide['reporter']) => void;
}

/** The end of a connection that judges the other one. */
export interface JudgingSide {
  /** Its trust bundle now, PEM; without one nobody is admitted, and who was admitted is not judged by it again. */
  readonly bundle: string | undefined;
  /** Whether it is the server's end or the client's. */
  readonly reporter: 'source' | 'destination';
}

/** The error of a connection whose peer's certificate is revoked, in ztunnel's words (reference section 7.2). */
const revokedByList = 'connection closed: peer certificate revoked by CRL';

/**
 * Decides who a peer is, in the handshake and again whenever something that this depended on has changed: trust domains, the trust bundle,
 * revocation lists, time (reference section 7.2). Total: what cannot be judged is refused.
 */
export class PeerJudge {
  readonly #options: PeerJudgeOptions;
  readonly #listeners = new Set<() => void>();
  readonly #roots = new Map<string, readonly X509Certificate[]>();
  readonly #stopSource: () => void;
  #revocation: Revocation | undefined;
  #strict = true;
  #cancelChange: () => void = () => undefined;

  constructor(options: PeerJudgeOptions) {
    this.#options = options;
    this.#read();
    this.#stopSource = options.revocation?.onChange(() => this.#changed()) ?? (() => undefined);
  }

  /** The trust domains whose peers are admitted now. */
  trustDomains(): readonly string[] {
    return this.#options.trustDomains();
  }

  /** Why no peer can be admitted for want of revocation lists, where that is so. */
  get unusable(): string | undefined {
    return this.#strict ? this.#revocation?.unusable : undefined;
  }

  /** Calls back when peers that were admitted are to be judged again. Returns a function that stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads the peer of a completed handshake. Refused are: a chain that does not verify, a resumed
   * session (its certificate was not verified now), a certificate outside its validity, anything but exactly one URI SAN, a URI that is no
   * workload identity, a trust domain that is not accepted, and what revocation lists refuse (design: "several URI SANs in a peer's certificate").
   */
  admit(socket: TLSSocket, side: JudgingSide, now = new Date()): PeerResult {
    if (!socket.authorized) return refused(`certificate chain does not verify: ${socket.authorizationError ?? 'unknown reason'}`);
    if (socket.isSessionReused()) return refused('resumed session');
    return this.#guarded(side, () => this.#identify(shownBy(socket), side, now));
  }

  /** Judges a peer again that was admitted; undefined where it stays. */
  again(peer: Peer, side: JudgingSide, now = new Date()): PeerRefusal | undefined {
    const result = this.#guarded(side, () => this.#identify(peer.path, side, now, peer));
    return result.kind === 'refused' ? result : undefined;
  }

  close(): void {
    this.#cancelChange();
    this.#stopSource();
    this.#listeners.clear();
  }

  #guarded({ reporter }: JudgingSide, judge: () => PeerResult): PeerResult {
    try {
      const result = judge();
      if (result.kind === 'refused' && result.flags === 'CERT_REVOKED') this.#options.revoked?.(reporter);
      return result;
    } catch (error) {
      return refused(`peer cannot be judged: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #identify(shown: readonly X509Certificate[], side: JudgingSide, now: Date, known?: Peer): PeerResult {
    const [certificate] = shown;
    if (certificate === undefined) return refused('no certificate');
    const identity = identityOfSubjectAltName(certificate.subjectAltName, this.#options.trustDomains());
    if (typeof identity === 'string') return refused(identity);
    const path = this.#path(shown, side, known);
    if (path === undefined) return refused('certificate chain leads to no root of the trust bundle');
    const [notBefore, notAfter] = validityOf(path);
    // Written so that a date that does not parse refuses.
    if (!(notBefore <= now && now < notAfter)) return refused('certificate is not valid at this time');
    return this.#unlessRevoked({ identity, path, notAfter, drainAt: drainTime(notBefore, notAfter, now) }, now);
  }

  #unlessRevoked(peer: Peer, now: Date): PeerResult {
    this.#followDialect();
    const status = this.#revocation?.statusOf(peer.path, now);
    switch (status?.kind) {
      case 'revoked':
        return { kind: 'refused', detail: revokedByList, flags: 'CERT_REVOKED' };
      case 'unknown':
        return refused(`revocation cannot be ruled out: ${status.detail}`);
      default:
        return { kind: 'peer', peer };
    }
  }

  /** The path of a peer. One that was found before holds for as long as no bundle is without its root. */
  #path(shown: readonly X509Certificate[], { bundle }: JudgingSide, known?: Peer): readonly X509Certificate[] | undefined {
    if (bundle === undefined) return known?.path;
    const roots = this.#rootsOf(bundle);
    const root = known?.path.at(-1);
    if (roots.some(({ fingerprint256 }) => fingerprint256 === root?.fingerprint256)) return known?.path;
    return pathToRoot(shown, roots);
  }

  #rootsOf(bundle: string): readonly X509Certificate[] {
    const known = this.#roots.get(bundle);
    if (known !== undefined) return known;
    const roots = rootsOf(bundle);
    // One bundle in force and one that is coming; more are history.
    if (this.#roots.size >= 4) this.#roots.clear();
    this.#roots.set(bundle, roots);
    return roots;
  }

  /** A snapshot may have brought another dialect, and with it another meaning of the same lists. */
  #followDialect(): void {
    if (this.#strict !== (this.#options.strict?.() ?? true)) this.#read();
  }

  #read(): void {
    const { revocation, strict } = this.#options;
    this.#strict = strict?.() ?? true;
    this.#revocation = revocation === undefined ? undefined : Revocation.read(revocation.current(), this.#strict);
    this.#cancelChange();
    const next = this.#revocation?.nextChange(new Date());
    this.#cancelChange = next === undefined ? () => undefined : endAt(next, () => this.#changed());
  }

  #changed(): void {
    this.#read();
    for (const listener of [...this.#listeners]) listener();
  }
}

function refused(detail: string): PeerRefusal {
  return { kind: 'refused', detail, flags: 'TLS_FAILURE' };
}

/** The latest beginning and the earliest end; an invalid date where one does not parse. */
function validityOf(path: readonly X509Certificate[]): readonly [Date, Date] {
  return [
    new Date(Math.max(...path.map(({ validFrom }) => Date.parse(validFrom)))),
    new Date(Math.min(...path.map(({ validTo }) => Date.parse(validTo)))),
  ];
}

/**
 * When new tunnels are to use a new connection: a fifth of the certificate's life before its end. Whoever renews has done so by then. Where that
 * moment has passed the peer has not renewed, and half of what is left is waited for, so that no tunnel gets a connection of its own.
 */
function drainTime(notBefore: Date, notAfter: Date, now: Date): Date {
  const margin = (notAfter.getTime() - notBefore.getTime()) / 5;
  const left = notAfter.getTime() - now.getTime();
  return new Date(notAfter.getTime() - Math.min(margin, left / 2));
}
