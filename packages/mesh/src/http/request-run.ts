import {
  type Authorization,
  forwardedPath,
  isPermit,
  type Permit,
  type RequestAttributes,
  type RequestVerdict,
} from '@sallyport/policy';
import type { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { SignatureVerifier } from '../jwt/verified-signatures.js';
import { type TraceHeaders, writeTraceparent } from '../telemetry/tracing/trace-context.js';
import type { Tracer } from '../telemetry/tracing/tracer.js';
import type { Exchange, RequestHead, ResponseHead } from './exchange.js';
import { asUpstreamError, describeFailure, failureDetails, failureText } from './failure.js';
import { forwardedResponseHeaders } from './forwarded-headers.js';
import { firstHeader } from './header-list.js';
import type { HttpLimits } from './limits.js';
import { denied, type LocalReply } from './local-reply.js';
import { BodyBrokenError, StalledBodyError } from './pump.js';
import { type JudgedRequest, RequestJudgement } from './request-judgement.js';
import { authorizerDetails, denialDetails } from './request-log.js';
import { type RequestParties, RequestRecord } from './request-record.js';
import { RequestUpload } from './request-upload.js';
import { ResponseDelivery } from './response-delivery.js';
import { withResponseHeaders } from './response-headers.js';
import type { RequestScope, RoutedTarget } from './scope.js';
import { type CallListener, type UpstreamCall, UpstreamError, type UpstreamRequest, type UpstreamResponse } from './upstream.js';
import type { SentCall, UpstreamPool } from './upstream-pool.js';
import { isRepeatable, targetFor, upstreamRequest } from './upstream-request.js';

/** What the requests of one connection need of it. */
export interface RunEnvironment {
  readonly parties: RequestParties;
  readonly pool: UpstreamPool;
  readonly limits: HttpLimits;
  /** Who is asked what CUSTOM policies ask. */
  readonly authorizers: Pick<AuthorizerCalls, 'ask'>;
  /** Who verifies the signatures of tokens. */
  readonly tokens: SignatureVerifier;
  /** Where spans are exported: the application is told of this gate's. */
  readonly tracer?: Tracer;
  /** The client's address, where it is appended to `x-forwarded-for`. */
  readonly appendForwardedFor?: string;
  /** What applies now; undefined where nothing serves this connection any more. */
  scope(): RequestScope | undefined;
  /** A verdict was given. */
  decided(verdict: RequestVerdict, record: RequestRecord): void;
  /** The request is over; called once. */
  finished(record: RequestRecord, run: RequestRun): void;
}

/** A request that was admitted, and where it may go. */
interface Onward {
  readonly permit: Permit;
  readonly targets: readonly RoutedTarget[];
  readonly request: UpstreamRequest;
}

/**
 * One request from its head to the end of its response: judged, routed, forwarded, and judged again when the snapshot changes. What can be done at once
 * is, without a promise in between: most requests need none on their way.
 */
export class RequestRun implements CallListener {
  readonly record: RequestRecord;
  #call: UpstreamCall | undefined;
  /** What is being sent, as long as nothing has come back. */
  #awaited: { readonly onward: Onward; readonly reused: boolean } | undefined;
  #informed = 0;
  #ended = false;
  #expiry: NodeJS.Timeout | undefined;
  #late: NodeJS.Timeout | undefined;
  #authorization: Authorization | undefined;
  #judged: JudgedRequest | undefined;
  readonly #judgement: RequestJudgement;
  readonly #upload: RequestUpload;
  readonly #delivery: ResponseDelivery;

  constructor(
    private readonly exchange: Exchange,
    private readonly environment: RunEnvironment,
  ) {
    this.#judgement = new RequestJudgement(
      exchange.head.attributes,
      () => environment.scope(),
      {
        calls: environment.authorizers,
        answerAgeMs: environment.limits.authorizerAnswerAgeMs,
        readBody: (wanted) => this.#upload.peek(wanted),
        trace: () => this.#trace,
      },
      environment.tokens,
    );
    this.record = new RequestRecord(exchange.head, environment.parties);
    const { bodyTimeoutMs } = environment.limits;
    this.#upload = new RequestUpload(exchange, this.record, bodyTimeoutMs, (error) => this.#uploadStalled(error));
    this.#delivery = new ResponseDelivery(exchange, this.record, bodyTimeoutMs, () => this.#stalled());
  }

  /** Serves the request. Whatever goes wrong on the way is answered or cut, never passed on. */
  serve(): void {
    this.exchange.onClose((complete) => this.#end(complete));
    this.#take(() => this.#judge());
  }

  /** Judges the request again under the snapshot that is in force now; one that it denies ends at once. */
  rejudge(): void {
    if (this.#ended || this.record.verdict === undefined || !isPermit(this.record.verdict)) {
      return;
    }
    const judged = this.#judgement.again(() => this.rejudge());
    if (judged === 'pending') {
      return;
    }
    if (judged !== undefined && isPermit(judged.verdict)) {
      this.#watchTokens(judged);
      return;
    }
    const verdict = judged?.verdict;
    if (verdict !== undefined) {
      this.environment.decided(verdict, this.record);
      this.record.verdict = verdict;
    }
    this.record.fault('-', '');
    this.record.details = verdict === undefined ? 'route_not_found' : denialDetails(this.record);
    this.cut(verdict?.reason === 'invalid-token' ? 'token_invalid' : 'policy_change');
  }

  /** Ends the request at once. */
  cut(termination: string): void {
    this.record.termination = termination;
    this.#call?.destroy();
    this.exchange.destroy();
  }

  informed(head: ResponseHead): void {
    this.#informed += 1;
    if (this.#informed > this.environment.limits.interimResponses) this.#call?.destroy();
    else this.exchange.inform({ ...head, headers: forwardedResponseHeaders(head.headers) });
  }

  answered(response: UpstreamResponse): void {
    if (this.#awaited === undefined) return;
    this.#stopAwaiting();
    this.record.answered();
    this.#take(() => this.#deliver(response));
  }

  /** A kept connection may have closed just before the request reached it: what can be repeated is sent once more over a new one. */
  failed(error: UpstreamError): void {
    if (this.#awaited === undefined) return;
    const { onward, reused } = this.#awaited;
    this.#stopAwaiting();
    if (reused && isRepeatable(onward.request) && !this.#ended && error.flag === 'UC') this.#take(() => this.#send(onward, true));
    else this.#fail(error);
  }

  /** Takes the next step of the request. */
  #take(step: () => void | Promise<void>): void {
    try {
      step()?.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #judge(): void | Promise<void> {
    const { problem } = this.exchange.head;
    if (problem !== undefined) {
      return this.#reply({ status: problem.status, body: '' }, problem.status === 403 ? '-' : 'DPE', problem.detail);
    }
    const judged = this.#judgement.first();
    return judged instanceof Promise ? judged.then((later) => this.#decided(later)) : this.#decided(judged);
  }

  #decided(judged: JudgedRequest | undefined): void | Promise<void> {
    const { environment, record } = this;
    if (this.#ended) {
      return;
    }
    if (judged === undefined) {
      return this.#reply({ status: 503, body: 'no such service at this gate' }, 'NR', 'route_not_found');
    }
    const { verdict, authorization } = judged;
    this.#authorization = authorization;
    this.#judged = judged;
    record.verdict = verdict;
    record.path = judged.request.authentication?.edits.path ?? record.path;
    environment.decided(verdict, record);
    if (!isPermit(verdict)) {
      return this.#refuse(verdict);
    }
    this.#watchTokens(judged);
    return this.#forward(judged, verdict, forwardedPath(verdict, judged.request));
  }

  #refuse(verdict: RequestVerdict): void {
    if (verdict.reason === 'custom-policy' && verdict.response !== undefined) {
      const outcome = this.#authorization?.consulted.at(-1)?.outcome;
      this.#reply(verdict.response, outcome === 'not-asked' ? '-' : 'UAEX', authorizerDetails(outcome));
    } else if (verdict.reason === 'invalid-token' && verdict.response !== undefined) {
      const headers = withResponseHeaders(verdict.response.headers, this.#authorization?.responseHeaders ?? []);
      this.#reply({ ...verdict.response, headers }, '-', denialDetails(this.record));
    } else if (verdict.reason === 'bad-request') {
      const details = verdict.response === undefined ? 'path_normalization_failed' : 'filter_removed_required_request_headers';
      this.#reply(verdict.response ?? { status: verdict.status ?? 400, body: '' }, '-', details);
    } else {
      this.#reply(denied, '-', denialDetails(this.record));
    }
  }

  /** Judges again when the first of the request's tokens runs out. */
  #watchTokens({ expiresAt }: JudgedRequest): void {
    clearTimeout(this.#expiry);
    if (expiresAt === undefined) {
      return;
    }
    // Past the last second in which it is good; a timer reaches no further than 2^31 milliseconds, and is then set anew.
    const wait = (expiresAt + 1 - this.environment.tokens.now()) * 1000;
    this.#expiry = setTimeout(() => this.rejudge(), Math.min(Math.max(wait, 10), 2 ** 31 - 1));
    this.#expiry.unref();
  }

  #forward(judged: JudgedRequest, permit: Permit, path: string): void | Promise<void> {
    const { scope, authorization } = judged;
    const attributes = authorization.routeBy === 'request' ? judged.request : this.exchange.head.attributes;
    const routed = scope.route(path === attributes.path ? attributes : { ...attributes, path });
    if (routed.kind === 'reply') {
      this.record.destination = routed.destination;
      this.record.failure = routed.failure ?? '-';
      return this.#reply({ status: routed.status, body: replyText(routed.status) }, routed.flags, routed.details);
    }
    return this.#send({ permit, targets: routed.targets, request: this.#upstreamRequest(judged, path) }, false);
  }

  #upstreamRequest({ scope, request: attributes }: JudgedRequest, path: string): UpstreamRequest {
    const { appendForwardedFor } = this.environment;
    const trace = this.#trace;
    const request = upstreamRequest(this.#headWith(attributes), path, {
      trustForwardedProto: scope.trustForwardedProto,
      ...(trace === undefined ? {} : { trace }),
      ...(appendForwardedFor === undefined ? {} : { appendForwardedFor }),
    });
    this.record.requestId = firstHeader(request.headers, 'x-request-id') ?? '';
    this.record.forwardedFor = firstHeader(request.headers, 'x-forwarded-for');
    return request;
  }

  /** The head as it goes on. A client whose body was read has been told to continue already. */
  #headWith(attributes: RequestAttributes): RequestHead {
    const { head } = this.exchange;
    if (!this.#upload.wasPeeked) {
      return attributes === head.attributes ? head : { ...head, attributes };
    }
    const headers = attributes.headers.filter(([name]) => name !== 'expect');
    return { ...head, expectsContinue: false, attributes: { ...attributes, headers } };
  }

  /** Sends the request to the first endpoint that takes a connection, or over a connection that is there. */
  #send(onward: Onward, fresh: boolean): void | Promise<void> {
    const [target] = onward.targets;
    if (target === undefined) throw new UpstreamError('UH', 503, 'no endpoint');
    const sent = this.#sendTo(target, onward, fresh);
    if (sent instanceof Promise) return this.#sendToAny(sent, onward, fresh).then((call) => this.#sent(call, onward));
    return this.#sent(sent, onward);
  }

  #sendTo(target: RoutedTarget, { permit, request }: Onward, fresh: boolean): SentCall | Promise<SentCall> {
    this.record.destination = target.destination;
    const options = { fresh, whole: this.#upload.whole, traceparent: this.#trace?.parent, wanted: this.#isWanted };
    return this.environment.pool.send(permit, targetFor(request, target), request, options);
  }

  readonly #isWanted = (): boolean => !this.#ended;

  /** Goes on to the next endpoint for as long as there is no connection. */
  async #sendToAny(first: Promise<SentCall>, onward: Onward, fresh: boolean): Promise<SentCall> {
    let trying: SentCall | Promise<SentCall> = first;
    for (let next = 1; ; next += 1) {
      try {
        return await trying;
      } catch (error) {
        const failure = asUpstreamError(error);
        const target = onward.targets[next];
        const unconnected = failure.flag === 'UF' || failure.flag === 'UO';
        if (!unconnected || this.#ended || target === undefined) throw failure;
        trying = this.#sendTo(target, onward, fresh);
      }
    }
  }

  /** What is said of this request's span to whoever is called for it. */
  get #trace(): TraceHeaders | undefined {
    const { tracer } = this.environment;
    const context = tracer && this.record.traced(tracer);
    return context && { parent: writeTraceparent(context), state: context.state };
  }

  #sent({ call, reused }: SentCall, onward: Onward): void {
    this.#call = call;
    this.#informed = 0;
    this.#awaited = { onward, reused };
    this.record.forwarded();
    this.#sendBody(call);
    call.listen(this);
    // It may have run out before there was anything to give up.
    this.#uploadStalled(this.#upload.stalled);
  }

  /** Moves the request's body; a client that breaks off takes the onward request with it. */
  #sendBody(call: UpstreamCall): void {
    if (call.body === undefined) {
      this.record.bytesReceived += this.#upload.whole?.length ?? 0;
      this.#awaitAnswer(call);
      return;
    }
    const reserved = new Set(this.#judged?.request.authentication?.edits.reserved);
    void this.#upload.sendTo(call.body, reserved, () => call.destroy()).then(() => this.#awaitAnswer(call));
  }

  /** The whole request has been sent: now the application has its time. */
  #awaitAnswer(call: UpstreamCall): void {
    if (this.#awaited === undefined || this.#call !== call) return;
    const { responseTimeoutMs } = this.environment.limits;
    this.#late = setTimeout(
      () => this.#giveUp(new UpstreamError('UT', 504, 'the application did not answer in time')),
      responseTimeoutMs,
    );
  }

  #uploadStalled(error: Error | undefined): void {
    if (error !== undefined && this.#awaited !== undefined) this.#giveUp(error);
  }

  #giveUp(error: Error): void {
    this.#stopAwaiting();
    this.#fail(error);
  }

  #stopAwaiting(): void {
    this.#awaited = undefined;
    clearTimeout(this.#late);
    this.#upload.stop();
  }

  #deliver(response: UpstreamResponse): void | Promise<void> {
    return this.#ended ? undefined : this.#delivery.passOn(response, this.#authorization?.responseHeaders ?? []);
  }

  #fail(error: unknown): void {
    const { record } = this;
    this.#call?.destroy();
    if (this.#ended) {
      return;
    }
    if (error instanceof BodyBrokenError) {
      const source = error.side === 'source';
      record.fault(source ? 'UC' : 'DC', `${source ? 'upstream' : 'downstream'}_remote_disconnect`);
      this.exchange.destroy();
    } else if (this.#delivery.begun) {
      // There is no other answer to give.
      if (error instanceof StalledBodyError) this.#stalled();
      else this.cut('internal_error');
    } else if (error instanceof StalledBodyError) {
      this.#reply({ status: 408, body: 'stream timeout' }, 'SI', 'stream_idle_timeout');
    } else if (error instanceof UpstreamError) {
      record.failure = describeFailure(error);
      const flags = error.flag === 'refused' ? 'DPE' : error.flag;
      this.#reply({ status: error.status, body: failureText(error) }, flags, failureDetails(error));
    } else {
      record.failure = describeFailure(error);
      this.#reply({ status: 500, body: '' }, '-', 'internal_error');
    }
  }

  #stalled(): void {
    this.record.fault('SI', 'stream_idle_timeout');
    this.cut('stream_idle_timeout');
  }

  #reply(reply: LocalReply, flags: string, details: string): void {
    this.record.flags = flags;
    this.record.details = details;
    if (!this.#ended) this.#delivery.reply(reply);
  }

  #end(complete: boolean): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    clearTimeout(this.#expiry);
    clearTimeout(this.#late);
    this.#upload.stop();
    this.#judgement.close();
    if (!complete || this.#upload.underWay) {
      // Nobody waits for the rest of the response, or for the application to read the rest of the request.
      this.#call?.destroy();
    }
    if (!complete && this.record.termination === '-') {
      this.record.fault('DC', 'downstream_remote_disconnect');
    }
    void this.#delivery.end().then(() => {
      this.record.end();
      this.environment.finished(this.record, this);
    });
  }
}

function replyText(status: 404 | 500 | 503): string {
  return status === 503 ? 'no healthy upstream' : '';
}
