import type { Duplex } from 'node:stream';
import type { Check, CustomQuestion, GrpcCheck, HttpCheck, Permit, ProviderReply, ServiceInfo } from '@sallyport/policy';
import type { BodySource } from '../http/exchange.js';
import { firstHeader, type HeaderList } from '../http/header-list.js';
import type { HttpLimits } from '../http/limits.js';
import { withTrace } from '../http/trace-headers.js';
import type { UpstreamCall, UpstreamRequest, UpstreamResponse } from '../http/upstream.js';
import { UpstreamPool } from '../http/upstream-pool.js';
import type { TraceHeaders } from '../telemetry/tracing/trace-context.js';
import { decodeReply, encodeCheck } from './check-messages.js';

/** What is read of an answer: more is no answer. */
const replyBytes = 1024 * 1024;

/** A gate's way to the authorizers of MeshConfig. */
export interface AuthorizerCallsOptions {
  readonly limits: HttpLimits;
  /** Connects to a port of a service as the gate itself; the permit is that of the call. */
  readonly dial: (permit: Permit, service: ServiceInfo, port: number) => Promise<Duplex>;
}

/**
 * Asks authorizers over connections that are kept and shared. An answer comes within the provider's timeout, or it is none;
 * `ask` never rejects.
 */
export class AuthorizerCalls {
  readonly #pool: UpstreamPool;

  constructor(private readonly options: AuthorizerCallsOptions) {
    this.#pool = new UpstreamPool(options.limits);
  }

  /** Makes a call, of which an authorizer is told whose trace it belongs to. Whatever goes wrong is a reply that says so. */
  async ask(question: CustomQuestion, check: Check, trace?: TraceHeaders): Promise<ProviderReply> {
    const abandon = new AbortController();
    const { timeoutMs } = question.provider;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ProviderReply>((resolve) => {
      timer = setTimeout(
        () => resolve({ kind: 'failed', detail: `did not answer within ${timeoutMs} ms` }),
        Math.min(timeoutMs, longestTimer),
      );
    });
    try {
      return await Promise.race([this.#call(question, check, trace, abandon.signal), late]);
    } catch (error) {
      return { kind: 'failed', detail: `could not be asked: ${error instanceof Error ? error.message : String(error)}` };
    } finally {
      clearTimeout(timer);
      abandon.abort();
    }
  }

  /** A new snapshot is in force: the connections so far end with the calls that are on them. */
  retire(): void {
    this.#pool.retire();
  }

  close(): void {
    this.#pool.destroy();
  }

  async #call(
    question: CustomQuestion,
    check: Check,
    trace: TraceHeaders | undefined,
    abandoned: AbortSignal,
  ): Promise<ProviderReply> {
    const { provider, service } = question;
    const protocol = check.kind === 'grpc' || speaksHttp2(service, provider.port) ? 'http2' : 'http1';
    const target = {
      key: `${protocol} ${service.key} ${provider.port}`,
      protocol,
      open: (permit: Permit) => this.options.dial(permit, service, provider.port),
    } as const;
    const body = check.kind === 'grpc' ? framed(encodeCheck(check, Date.now())) : check.body;
    const plain = check.kind === 'grpc' ? grpcRequest(service, provider.port) : httpRequest(check);
    const request = { ...plain, headers: withTrace(plain.headers, trace) };
    const whole = request.hasBody ? Buffer.from(body) : undefined;
    const { call } = await this.#pool.send(callPermit, target, request, { whole, wanted: () => !abandoned.aborted });
    abandoned.addEventListener('abort', () => call.destroy(), { once: true });
    return await replyOf(call, check);
  }
}

/** Calls to authorizers are the gate's own, and no policy is asked about them: it would be asked about its own question. */
const callPermit: Permit = { effect: 'allow', reason: 'no-policy', audit: [], detail: 'a call of the gate to an authorizer' };

/** Timers count in 32 bits. */
const longestTimer = 2 ** 31 - 1;

function speaksHttp2(service: ServiceInfo, port: number): boolean {
  return service.ports.some((each) => each.port === port && each.http2 === true);
}

function httpRequest({ method, path, authority, headers, body }: HttpCheck): UpstreamRequest {
  const length: HeaderList = body.length === 0 && !methodsWithBody.has(method) ? [] : [['content-length', String(body.length)]];
  return {
    method,
    path,
    authority,
    scheme: 'http',
    headers: [...headers, ...length],
    hasBody: body.length > 0,
    expectsContinue: false,
  };
}

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

function grpcRequest({ hostname }: ServiceInfo, port: number): UpstreamRequest {
  return {
    method: 'POST',
    path: '/envoy.service.auth.v3.Authorization/Check',
    authority: `${hostname}:${port}`,
    scheme: 'http',
    headers: [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ],
    hasBody: true,
    expectsContinue: false,
  };
}

async function replyOf(call: UpstreamCall, check: GrpcCheck | HttpCheck): Promise<ProviderReply> {
  const response = await responseOf(call);
  if (response.kind === 'upgrade') {
    response.stream.destroy();
    return { kind: 'failed', detail: 'changed the protocol' };
  }
  const { head, body } = response;
  const bytes = await readWhole(body);
  if (check.kind === 'http') return { kind: 'http', status: head.status, headers: head.headers, body: bytes };
  const type = firstHeader(head.headers, 'content-type') ?? '';
  if (head.status !== 200 || !type.startsWith('application/grpc'))
    return { kind: 'failed', detail: `answered ${head.status} ${type}, not gRPC` };
  const trailers = body.trailers();
  const status = firstHeader(trailers, 'grpc-status') ?? firstHeader(head.headers, 'grpc-status');
  if (status !== '0') return { kind: 'failed', detail: `failed with gRPC status ${status ?? 'unknown'}` };
  return decodeReply(unframed(bytes));
}

function responseOf(call: UpstreamCall): Promise<UpstreamResponse> {
  return new Promise((answered, failed) => {
    call.listen({ answered, failed, informed: () => undefined });
  });
}

/** All of a body; throws where it breaks off or is longer than an answer may be. */
function readWhole(body: BodySource): Promise<Buffer> {
  const { stream } = body;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= replyBytes) chunks.push(chunk);
      else reject(new Error(`the answer is longer than ${replyBytes} bytes`));
    });
    stream.once('end', () => (body.complete() ? resolve(Buffer.concat(chunks)) : reject(new Error('the answer broke off'))));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the answer broke off')));
  });
}

/** A message as gRPC carries it: not compressed, its length in front. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** The one message of an answer; throws where there is not exactly one, or it is compressed: nobody was told to. */
function unframed(bytes: Buffer): Buffer {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5)
    throw new Error('the answer is not one message');
  return bytes.subarray(5);
}
