import type { KnownSignatures, SignatureResult, WantedSignature } from '@sallyport/policy';
import type { TokenVerifier } from './token-verifier.js';

/** What a request's judgement needs of a verifier. */
export type SignatureVerifier = Pick<TokenVerifier, 'verify' | 'now'>;

/** The signatures that were verified for one request, for as long as it is open. */
export class VerifiedSignatures {
  /** Made when the first is there: most requests carry no token. */
  #results: Map<string, SignatureResult> | undefined;

  constructor(private readonly verifier: SignatureVerifier) {}

  /** What is known so far. */
  readonly known: KnownSignatures = (wanted) => this.#results?.get(keyOf(wanted));

  /** Verifies what is wanted. Never rejects. */
  async verify(wanted: readonly WantedSignature[]): Promise<void> {
    const open = new Map(wanted.map((each) => [keyOf(each), each]));
    this.#results ??= new Map();
    const results = this.#results;
    await Promise.all(
      [...open].map(async ([key, each]) => {
        results.set(key, await this.verifier.verify(each));
      }),
    );
  }
}

/** The same token under the same keys: whatever else a rule says, its signature is as valid as before. */
function keyOf({ rule: { issuer, jwks, jwksUri }, token }: WantedSignature): string {
  return JSON.stringify([
    jwks ?? null,
    jwksUri ?? null,
    jwks === undefined && jwksUri === undefined ? issuer : null,
    token.compact,
  ]);
}
