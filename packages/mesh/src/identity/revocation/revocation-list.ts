import { verify, type X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, CertificateList, type Extension, id_ce_keyUsage, KeyUsage, KeyUsageFlags } from '@peculiar/asn1-x509';

/** The digest of each signature algorithm that a list may have; `null` where the algorithm brings its own. */
const digests: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.3.101.112', null],
]);

const deltaIndicator = '2.5.29.27';
const reasonCode = '2.5.29.21';
/** `removeFromCRL`: an entry of a delta list that takes a hold back. It revokes nothing, and here it restores nothing either. */
const removeFromList = 8;

/** One certificate revocation list (RFC 5280, section 5), read but not yet known to be its issuer's. */
export class RevocationList {
  readonly #list: CertificateList;
  readonly #issuer: Buffer;
  readonly #serials: ReadonlySet<string>;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Adds to another list of the same issuer, and is nothing by itself. */
  readonly isDelta: boolean;

  /** Reads DER. Throws, with one line, where it is no list, or has in it what a reader must understand to use it and this one does not. */
  constructor(der: Uint8Array) {
    this.#list = parseList(der);
    const { issuer, thisUpdate, nextUpdate, revokedCertificates = [], crlExtensions = [] } = this.#list.tbsCertList;
    if (nextUpdate === undefined) throw new Error('has no next update');
    this.#issuer = Buffer.from(AsnConvert.serialize(issuer));
    this.thisUpdate = thisUpdate.getTime();
    this.nextUpdate = nextUpdate.getTime();
    this.isDelta = crlExtensions.some(({ extnID }) => extnID === deltaIndicator);
    refuseCritical(crlExtensions, [deltaIndicator]);
    const revoked = revokedCertificates.filter(({ crlEntryExtensions = [] }) => {
      refuseCritical(crlEntryExtensions, [reasonCode]);
      return !crlEntryExtensions.some(takesBack);
    });
    this.#serials = new Set(revoked.map(({ userCertificate }) => normalSerial(Buffer.from(userCertificate).toString('hex'))));
  }

  /** The serial numbers in it, in the form of `normalSerial`. */
  has(serial: string): boolean {
    return this.#serials.has(serial);
  }

  /** Whether it names this authority as its issuer. */
  names(authority: X509Certificate): boolean {
    return this.#issuer.equals(Buffer.from(AsnConvert.serialize(parseCertificate(authority).tbsCertificate.subject)));
  }

  /** Whether this authority has signed it, and may. */
  isSignedBy(authority: X509Certificate): boolean {
    const { tbsCertListRaw, tbsCertList, signatureAlgorithm, signature } = this.#list;
    const digest = digests.get(signatureAlgorithm.algorithm);
    if (tbsCertListRaw === undefined || digest === undefined || !maySignLists(authority)) return false;
    // RFC 5280, 5.1.1.2: the signature covers only the inner of the two names of its algorithm.
    if (tbsCertList.signature.algorithm !== signatureAlgorithm.algorithm) return false;
    return verify(digest, Buffer.from(tbsCertListRaw), authority.publicKey, Buffer.from(signature));
  }
}

/** A serial number as lists and Node.js write it, in one spelling; a negative one keeps its sign, and is in no list. */
export function normalSerial(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}

function parseList(der: Uint8Array): CertificateList {
  try {
    return AsnConvert.parse(der, CertificateList);
  } catch {
    throw new Error('is no certificate revocation list');
  }
}

function parseCertificate(certificate: X509Certificate): Certificate {
  return AsnConvert.parse(certificate.raw, Certificate);
}

/** An authority that says what its key is for must say that it signs lists (RFC 5280, 6.3.3 f). */
function maySignLists(authority: X509Certificate): boolean {
  const { extensions = [] } = parseCertificate(authority).tbsCertificate;
  const usage = extensions.find(({ extnID }) => extnID === id_ce_keyUsage);
  return usage === undefined || (AsnConvert.parse(usage.extnValue.buffer, KeyUsage).toNumber() & KeyUsageFlags.cRLSign) !== 0;
}

function refuseCritical(extensions: readonly Extension[], known: readonly string[]): void {
  const unknown = extensions.find(({ critical, extnID }) => critical && !known.includes(extnID));
  if (unknown !== undefined) throw new Error(`has the critical extension ${unknown.extnID}, which is not supported`);
}

function takesBack({ extnID, extnValue }: Extension): boolean {
  // An ENUMERATED of one byte.
  return extnID === reasonCode && Buffer.from(extnValue.buffer).equals(Buffer.from([0x0a, 0x01, removeFromList]));
}
