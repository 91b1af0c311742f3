import type { JwtRule, RequestAuthentication } from '../resource/model/index.js';
import { checkToken } from './check-token.js';
import { readToken, type Token } from './read-token.js';
import type { TokenFault } from './token-fault.js';

/** A rule as a gate applies it, with the object that it stands in. */
export interface BoundJwtRule {
  readonly rule: JwtRule;
  readonly policy: RequestAuthentication;
}

/** What the keys of a rule say to a token's signature. */
export type SignatureResult = 'valid' | Extract<TokenFault, 'no-key' | 'signature' | 'keys-unavailable'>;

/** A signature that somebody has to verify: `compact` with the keys of the rule. */
export interface WantedSignature {
  readonly rule: JwtRule;
  readonly token: Pick<Token, 'compact' | 'algorithm' | 'keyId'>;
}

/** What is known of signatures; undefined where nobody has verified one yet. */
export type KnownSignatures = (wanted: WantedSignature) => SignatureResult | undefined;

/**
 * Judges tokens by rules. Signatures are verified elsewhere: a token whose signature is not known yet is refused, and named in
 * `wanted`.
 */
export class TokenJudge {
  readonly wanted: WantedSignature[] = [];

  constructor(
    private readonly now: number,
    private readonly signatures: KnownSignatures,
  ) {}

  judge(rule: JwtRule, text: string): Token | { readonly fault: TokenFault } {
    const token = readToken(text);
    if ('fault' in token) return token;
    const fault = checkToken(rule, token, this.now) ?? this.#signatureFault(rule, token);
    return fault === undefined ? token : { fault };
  }

  #signatureFault(rule: JwtRule, token: Token): TokenFault | undefined {
    const { compact, algorithm, keyId } = token;
    const wanted: WantedSignature = { rule, token: { compact, algorithm, ...(keyId === undefined ? {} : { keyId }) } };
    const result = this.signatures(wanted);
    if (result === 'valid') return undefined;
    if (result === undefined) this.wanted.push(wanted);
    return result ?? 'keys-unavailable';
  }
}
