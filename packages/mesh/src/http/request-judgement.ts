import {
  type Authorization,
  editedHeaders,
  type RequestAttributes,
  type RequestVerdict,
  type TokenStage,
} from '@sallyport/policy';
import { Consultation, type ConsultationOptions } from '../ext-authz/consultation.js';
import { type SignatureVerifier, VerifiedSignatures } from '../jwt/verified-signatures.js';
import type { RequestScope } from './scope.js';

/** A verdict on a request, with what it was given on. */
export interface JudgedRequest {
  readonly scope: RequestScope;
  readonly verdict: RequestVerdict;
  readonly authorization: Authorization;
  /** The request as authorizers and tokens left it: what was judged, and goes on. */
  readonly request: RequestAttributes;
  /** When its tokens have to be looked at again, in seconds since 1970; absent where time changes nothing. */
  readonly expiresAt?: number;
}

/**
 * The verdicts on one request for as long as it is open: authorizers are asked first, and again when that is due; then tokens are
 * verified, and again where their rules or keys are others.
 */
export class RequestJudgement {
  readonly #consultation: Consultation;
  readonly #signatures: VerifiedSignatures;
  #admittedAt: number | undefined;

  constructor(
    private readonly received: RequestAttributes,
    private readonly scope: () => RequestScope | undefined,
    options: ConsultationOptions,
    private readonly tokens: SignatureVerifier,
  ) {
    this.#signatures = new VerifiedSignatures(tokens);
    this.#consultation = new Consultation(options);
  }

  /**
   * The first verdict, at once where nobody has to be asked for it, and given under the snapshot that is in force when the last answer has
   * come; undefined where nothing serves the request any more. Never rejects.
   */
  first(): JudgedRequest | undefined | Promise<JudgedRequest | undefined> {
    const scope = this.scope();
    if (scope === undefined || this.#consultation.closed) return undefined;
    const stage = scope.authorize(this.received);
    const authorization = this.#consultation.settled(stage);
    if (authorization === undefined) return this.#consultation.ask(stage).then(() => this.first());
    const tokens = this.#authenticated(scope, authorization);
    if (authorization.denial === undefined && tokens.wanted.length > 0)
      return this.#signatures.verify(tokens.wanted).then(() => this.first());
    this.#admittedAt = this.tokens.now();
    return this.#judged(scope, authorization, tokens.request);
  }

  /**
   * The verdict under a new snapshot, or at a later time; `pending` where tokens have to be verified for it first. Where anyone has
   * to be asked again, `renewed` is called once they were.
   */
  again(renewed: () => void): JudgedRequest | 'pending' | undefined {
    const scope = this.scope();
    if (scope === undefined) return undefined;
    const { authorization, outdated } = this.#consultation.standing(scope.authorize(this.received));
    const tokens = this.#authenticated(scope, authorization);
    if (authorization.denial === undefined && tokens.wanted.length > 0) {
      void this.#signatures.verify(tokens.wanted).then(renewed);
      return 'pending';
    }
    const result = this.#judged(scope, authorization, tokens.request);
    if (result.verdict.effect === 'allow') this.#consultation.renew(outdated, renewed);
    return result;
  }

  /** The request is over. */
  close(): void {
    this.#consultation.close();
  }

  /** In the dialect that does not end requests with their tokens, what was admitted once is not too old later. */
  #authenticated(scope: RequestScope, { request = this.received }: Authorization): TokenStage {
    const now = scope.tokensEndRequests ? this.tokens.now() : (this.#admittedAt ?? this.tokens.now());
    return scope.authenticate(withoutHopByHop(this.received, request), { now, signatures: this.#signatures.known });
  }

  #judged(scope: RequestScope, authorization: Authorization, request: RequestAttributes): JudgedRequest {
    const expiresAt = scope.tokensEndRequests ? request.authentication?.expiresAt : undefined;
    return {
      scope,
      verdict: scope.judge(request, authorization),
      authorization,
      request: this.#forwarded(request),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }

  /** What goes on: without what was removed, and with what tokens added. */
  #forwarded(request: RequestAttributes): RequestAttributes {
    const headers = editedHeaders(request.headers, request.authentication?.edits);
    return headers === request.headers ? request : withoutHopByHop(this.received, { ...request, headers });
  }
}

/**
 * What the client's `connection` header names belongs to its own connection. That is taken out here, where it is known which lines
 * are the client's: it must not take out what an authorizer wrote.
 */
function withoutHopByHop(received: RequestAttributes, request: RequestAttributes): RequestAttributes {
  if (request === received) return request;
  const own = new Set(received.headers);
  const named = new Set(
    received.headers
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.split(',').map((each) => each.trim().toLowerCase())),
  );
  const headers = request.headers.filter((line) => line[0] !== 'connection' && !(own.has(line) && named.has(line[0])));
  return { ...request, headers };
}
