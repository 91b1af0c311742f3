import type {
  Authorization,
  Check,
  CheckBody,
  CustomQuestion,
  CustomStage,
  GrpcReply,
  HeaderLine,
  ProviderReply,
} from '@sallyport/policy';

/** What came of the external authorization of one request. */
export interface Consultation {
  readonly authorization: Authorization;
  /** Every call that the provider received. */
  readonly checks: readonly Check[];
}

/**
 * Answers the questions of a request as the recorded provider did: service `ext-authz.providers`, ports 8000 for HTTP and 9000
 * for gRPC, 8009 and 9009 dead, by what the header `x-answer` of the check asks for.
 */
export function consultRecordedProvider(first: CustomStage, body: string | undefined): Consultation {
  const checks: Check[] = [];
  let stage = first;
  while (stage.kind === 'question') {
    const { question } = stage;
    const check = question.check(bodyFor(question, body));
    if (check === 'too-large') {
      stage = question.answered(check);
    } else {
      const reachable = isReachable(question);
      if (reachable) checks.push(check);
      stage = question.answered(reachable ? answerTo(check) : { kind: 'failed', detail: 'refused the connection' });
    }
  }
  return { authorization: stage.authorization, checks };
}

function bodyFor(question: CustomQuestion, body: string | undefined): CheckBody | undefined {
  if (question.body === undefined || body === undefined || body === '') return undefined;
  return { bytes: Buffer.from(body, 'utf8'), complete: true };
}

function isReachable({ service, provider }: CustomQuestion): boolean {
  return service.hostname === 'ext-authz.providers.svc.cluster.local' && [8000, 9000].includes(provider.port);
}

function answerTo(check: Check): ProviderReply {
  const asked = xAnswer(check);
  if (asked === 'hang' || asked === 'reset') return { kind: 'failed', detail: `did not answer (${asked})` };
  if (asked === 'error')
    return check.kind === 'http' ? httpReply(500, [], 'error') : { kind: 'failed', detail: 'failed: INTERNAL' };
  if (asked === 'allow' || asked === 'allow-set') return check.kind === 'http' ? httpAllow(asked) : grpcAllow(asked);
  const status = asked?.startsWith('status-') === true ? Number(asked.slice('status-'.length)) : 403;
  return check.kind === 'http' ? httpDenial(status, check.method) : grpcDenial(status);
}

function xAnswer(check: Check): string | undefined {
  return check.kind === 'grpc' ? check.request?.headers['x-answer'] : check.headers.find(([name]) => name === 'x-answer')?.[1];
}

const denialText = 'denied by provider';
const denialHeaders: readonly HeaderLine[] = [
  ['x-denied-by', 'provider'],
  ['x-other', 'o'],
];
const granted: readonly HeaderLine[] = [
  ['x-from-authz', 'granted'],
  ['x-app', 'authz-default'],
  ['x-app-list', 'authz'],
];
const set: readonly HeaderLine[] = [
  ['x-user', 'from-authz'],
  ['x-role', 'admin'],
];

function httpReply(status: number, headers: readonly HeaderLine[], body: string): ProviderReply {
  return { kind: 'http', status, headers, body: Buffer.from(body, 'utf8') };
}

/** Only a body has a type. */
function httpDenial(status: number, method: string): ProviderReply {
  if (method === 'HEAD') return httpReply(status, denialHeaders, '');
  return httpReply(status, [...denialHeaders, ['content-type', 'text/plain; charset=utf-8']], denialText);
}

function httpAllow(asked: 'allow' | 'allow-set'): ProviderReply {
  return httpReply(200, [...granted, ['x-to-client', 'hello'], ...(asked === 'allow' ? [] : set)], '');
}

function grpcAllow(asked: 'allow' | 'allow-set'): GrpcReply {
  const sets = asked === 'allow-set';
  const option = ([name, value]: HeaderLine) => ({ name, value, action: 'append-or-add' as const });
  return {
    kind: 'grpc',
    code: 0,
    ok: {
      headers: [...granted, ...(sets ? set : [])].map(option),
      headersToRemove: sets ? ['x-secret'] : [],
      responseHeaders: sets ? [option(['x-to-client', 'hello'])] : [],
      queryToSet: [],
      queryToRemove: [],
    },
  };
}

function grpcDenial(status: number): GrpcReply {
  const headers = denialHeaders.map(([name, value]) => ({ name, value, action: 'append-or-add' as const }));
  return { kind: 'grpc', code: 7, denied: { status, headers, body: denialText } };
}
