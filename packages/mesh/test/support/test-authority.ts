import 'reflect-metadata';
import { type webcrypto as types, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CredentialSource, Credentials } from '../../src/gate.js';
import type { RevocationSource } from '../../src/identity/revocation/revocation.js';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

/** What a certificate says that a test wants otherwise than usual. */
export interface CertificateOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Instead of the identity as the one URI. */
  readonly names?: readonly { readonly type: 'url' | 'dns' | 'ip'; readonly value: string }[];
  readonly extensions?: readonly x509.Extension[];
}

/** What a revocation list says that a test wants otherwise than usual. */
export interface ListOptions {
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | undefined;
  readonly extensions?: x509.Extension[];
  /** Signed by this authority's key, whoever is named. */
  readonly signer?: TestAuthority;
  readonly reason?: x509.X509CrlReason;
}

/** Revocation lists as a test puts them. */
export class TestLists implements RevocationSource {
  readonly #listeners = new Set<() => void>();

  constructor(private lists: Uint8Array | undefined) {}

  current(): Uint8Array | undefined {
    return this.lists;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(lists: Uint8Array | undefined): void {
    this.lists = lists;
    for (const listener of this.#listeners) listener();
  }
}

/** A certificate authority for tests, and the credential source of what it issued. */
export class TestAuthority implements CredentialSource {
  readonly #keys: types.CryptoKeyPair;
  readonly #root: x509.X509Certificate;
  readonly #parent: TestAuthority | undefined;
  readonly #issued = new Map<string, Credentials>();
  readonly #listeners = new Set<(identity: string) => void>();
  /** Identities for which nothing can be had. */
  readonly refused = new Set<string>();
  #serial = 1;

  private constructor(keys: types.CryptoKeyPair, root: x509.X509Certificate, parent?: TestAuthority) {
    this.#keys = keys;
    this.#root = root;
    this.#parent = parent;
  }

  static async create(name = 'CN=test'): Promise<TestAuthority> {
    const keys = await newKeys();
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    return new TestAuthority(keys, root);
  }

  /** An authority whose certificate this one has signed: what it issues is shown with that certificate, and leads to this root. */
  async subordinate(name: string): Promise<TestAuthority> {
    const keys = await newKeys();
    this.#serial += 1;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject: name,
      issuer: this.#root.subject,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new TestAuthority(keys, certificate, this);
  }

  /** A revocation list in DER with the certificates of these credentials, or these authorities' own. */
  async list(revoked: readonly (Credentials | TestAuthority)[], options: ListOptions = {}): Promise<Buffer> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#root.subject,
      thisUpdate: options.thisUpdate ?? new Date(Date.now() - day / 2),
      ...('nextUpdate' in options && options.nextUpdate === undefined
        ? {}
        : { nextUpdate: options.nextUpdate ?? new Date(Date.now() + day / 2) }),
      signingAlgorithm: algorithm,
      signingKey: (options.signer ?? this).#keys.privateKey,
      entries: revoked.map((one) => ({
        serialNumber: one instanceof TestAuthority ? one.#root.serialNumber : new x509.X509Certificate(one.chain).serialNumber,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      })),
      ...(options.extensions === undefined ? {} : { extensions: options.extensions }),
    });
    return Buffer.from(list.rawData);
  }

  /** The root certificate, PEM. */
  get bundle(): string {
    return this.#parent?.bundle ?? this.#root.toString('pem');
  }

  /** Issues without remembering. */
  async issue(identity: string, options: CertificateOptions = {}): Promise<Credentials> {
    const keys = await newKeys();
    const certificate = await this.#certify(keys.publicKey, identity, options);
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return { ...certificate, identity, key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
  }

  /** Signs what a request (PKCS #10, PEM) asks for: its key, with its one URI for an identity. */
  async sign(request: string): Promise<Pick<Credentials, 'chain' | 'bundle' | 'notAfter'>> {
    const asked = new x509.Pkcs10CertificateRequest(request);
    const names = asked.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension);
    const [name, ...others] = names?.names.items ?? [];
    if (name?.type !== 'url' || others.length > 0) throw new Error('no identity is asked for');
    return this.#certify(await asked.publicKey.export(), name.value, {});
  }

  async #certify(publicKey: types.CryptoKey, identity: string, options: CertificateOptions) {
    const notAfter = options.notAfter ?? new Date(Date.now() + day / 2);
    this.#serial += 1;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject: '',
      issuer: this.#root.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - day / 2),
      notAfter,
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([...(options.names ?? [{ type: 'url' as const, value: identity }])], true),
        ...(options.extensions ?? []),
      ],
    });
    return {
      chain: [certificate, ...(this.#parent === undefined ? [] : [this.#root])].map((one) => one.toString('pem')).join('\n'),
      bundle: this.bundle,
      notAfter,
    };
  }

  async fetch(identity: string): Promise<Credentials> {
    if (this.refused.has(identity)) throw new Error('no certificate for you');
    const known = this.#issued.get(identity);
    return known ?? this.put(await this.issue(identity));
  }

  current(identity: string): Credentials | undefined {
    return this.refused.has(identity) ? undefined : this.#issued.get(identity);
  }

  onRenewal(listener: (identity: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes these the current credentials of their identity, as a renewal does. */
  put(credentials: Credentials): Credentials {
    this.#issued.set(credentials.identity, credentials);
    for (const listener of this.#listeners) listener(credentials.identity);
    return credentials;
  }
}

/** DER lists in one PEM text. */
export function pemOf(...lists: readonly Buffer[]): Buffer {
  const blocks = lists.map((list) => `-----BEGIN X509 CRL-----\n${list.toString('base64')}\n-----END X509 CRL-----\n`);
  return Buffer.from(blocks.join(''));
}

async function newKeys(): Promise<types.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as types.CryptoKeyPair;
}
