import { exportKey } from './certificate-request.js';
import { isWorkloadIdentity } from './identity.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { keyAlgorithm, signingAlgorithm, webcrypto, x509 } from './x509.js';

/** A certificate that was issued, PEM. */
export interface IssuedCertificate {
  readonly identity: string;
  /** The certificate, then what leads to a root of the bundle, the root left out. */
  readonly chain: string;
  readonly bundle: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate revocation list, PEM, and when it is good for. */
export interface RevocationList {
  readonly list: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/** The authority's own key and certificate, PEM. Whoever holds them can be anyone in the mesh. */
export interface RootMaterial {
  readonly key: string;
  readonly certificate: string;
}

/** How an authority issues. */
export interface CertificateAuthorityOptions {
  /** How long a workload's certificate is valid, and a revocation list. */
  readonly lifetimeMs?: number;
  readonly now?: () => Date;
  /** Where it remembers what it has issued; in this process alone where absent. */
  readonly ledger?: Ledger;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Clocks of peers may be behind by this much. */
const skewMs = 2 * 60 * 1000;
const rootLifetimeMs = 3650 * dayMs;

/** A certificate authority inside this process: one root, ECDSA P-256, that signs short-lived certificates with SPIFFE identities. */
export class CertificateAuthority {
  /** What to judge peers by, PEM. */
  readonly bundle: string;
  readonly #root: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #lifetimeMs: number;
  readonly #now: () => Date;
  readonly #ledger: Ledger;

  private constructor(root: x509.X509Certificate, key: webcrypto.CryptoKey, options: CertificateAuthorityOptions) {
    this.#root = root;
    this.#key = key;
    this.#lifetimeMs = options.lifetimeMs ?? dayMs;
    this.#now = options.now ?? (() => new Date());
    this.#ledger = options.ledger ?? Ledger.inMemory();
    this.bundle = pem(root);
  }

  /** Makes a new root. */
  static async createRoot(name: string, now = new Date()): Promise<RootMaterial> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ O: ['Sallyport'] }, { CN: [name] }],
      notBefore: new Date(now.getTime() - skewMs),
      notAfter: new Date(now.getTime() + rootLifetimeMs),
      keys,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { key: await exportKey(keys.privateKey), certificate: pem(certificate) };
  }

  /** Opens an authority; rejects where key and certificate do not belong together or the certificate is no longer valid. */
  static async open(material: RootMaterial, options: CertificateAuthorityOptions = {}): Promise<CertificateAuthority> {
    const root = new x509.X509Certificate(material.certificate);
    const der = x509.PemConverter.decodeFirst(material.key);
    const key = await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
    const authority = new CertificateAuthority(root, key, options);
    await authority.#prove();
    return authority;
  }

  /**
   * Signs a certificate for the public key of `request` (PKCS #10, PEM). The identity is the caller's to vouch for: nothing in the
   * request is taken over but the key. Rejects an identity that is not a workload's and a request that does not prove its key.
   */
  async issue(identity: string, request: string): Promise<IssuedCertificate> {
    if (!isWorkloadIdentity(identity)) throw new Error(`\`${identity}\` is not a workload identity`);
    const asked = new x509.Pkcs10CertificateRequest(request);
    if (!(await asked.verify())) throw new Error('the certificate request does not prove possession of its key');
    const now = this.#now().getTime();
    const notBefore = new Date(now - skewMs);
    const notAfter = new Date(Math.min(now + this.#lifetimeMs, this.#root.notAfter.getTime()));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      issuer: this.#root.subject,
      notBefore,
      notAfter,
      publicKey: asked.publicKey,
      signingKey: this.#key,
      signingAlgorithm,
      extensions: await this.#extensions(identity, asked.publicKey),
    });
    await this.#ledger.record([{ serial: certificate.serialNumber, identity, notAfter }]);
    return { identity, chain: pem(certificate), bundle: this.bundle, notBefore, notAfter };
  }

  /** Revokes every certificate that an identity has, for good; resolves with how many that were. Those it gets from now on are not concerned. */
  async revoke(identity: string): Promise<number> {
    const entries = this.#ledger.entries(this.#now()).filter((entry) => entry.identity === identity);
    return this.#revoke(entries);
  }

  /** Revokes one certificate, PEM; resolves with its identity. Rejects where this authority has not issued it, or it has run out. */
  async revokeCertificate(text: string): Promise<string> {
    const certificate = new x509.X509Certificate(text);
    const ours = await certificate.verify({ publicKey: await this.#root.publicKey.export(webcrypto), signatureOnly: true });
    const entry = this.#ledger.entries(this.#now()).find(({ serial }) => serial === certificate.serialNumber);
    if (!ours || entry === undefined) throw new Error('this authority has issued no such certificate that is still valid');
    await this.#revoke([entry]);
    return entry.identity;
  }

  /** Signs the list of what is revoked now. */
  async revocationList(): Promise<RevocationList> {
    const now = this.#now();
    const thisUpdate = new Date(now.getTime() - skewMs);
    const nextUpdate = new Date(Math.min(now.getTime() + this.#lifetimeMs, this.#root.notAfter.getTime()));
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#root.subject,
      thisUpdate,
      nextUpdate,
      entries: this.#ledger
        .entries(now)
        .flatMap(({ serial, revokedAt }) =>
          revokedAt === undefined ? [] : [{ serialNumber: serial, revocationDate: revokedAt }],
        ),
      extensions: [await x509.AuthorityKeyIdentifierExtension.create(this.#root.publicKey), listNumber(now)],
      signingAlgorithm,
      signingKey: this.#key,
    });
    // The library's own label is `CRL`, which nobody else reads.
    return { list: `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`, thisUpdate, nextUpdate };
  }

  async #revoke(entries: readonly LedgerEntry[]): Promise<number> {
    const revokedAt = this.#now();
    const fresh = entries.filter((entry) => entry.revokedAt === undefined);
    if (fresh.length > 0) await this.#ledger.record(fresh.map((entry) => ({ ...entry, revokedAt })));
    return fresh.length;
  }

  async #extensions(identity: string, publicKey: x509.PublicKey): Promise<x509.Extension[]> {
    return [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      // Critical, as the subject is empty (RFC 5280, 4.2.1.6).
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: identity }], true),
      await x509.AuthorityKeyIdentifierExtension.create(this.#root.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ];
  }

  async #prove(): Promise<void> {
    const now = this.#now();
    if (now < this.#root.notBefore || now > this.#root.notAfter) throw new Error('the root certificate is not valid now');
    const probe = new TextEncoder().encode('sallyport');
    const signature = await webcrypto.subtle.sign(signingAlgorithm, this.#key, probe);
    const publicKey = await this.#root.publicKey.export(webcrypto);
    if (!(await webcrypto.subtle.verify(signingAlgorithm, publicKey, signature, probe))) {
      throw new Error('the root certificate belongs to another key');
    }
  }
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** Later lists have higher numbers (RFC 5280, 5.2.3): the milliseconds since 1970, an INTEGER of six bytes. */
function listNumber(now: Date): x509.Extension {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(0x02, 0);
  bytes.writeUInt8(6, 1);
  bytes.writeUIntBE(now.getTime(), 2, 6);
  return new x509.Extension('2.5.29.20', false, bytes);
}

/** 126 random bits, positive and of constant length (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
