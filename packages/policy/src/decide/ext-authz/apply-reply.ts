import { lowerAscii } from '../../reference/string-pattern.js';
import { isWireText } from '../../reference/wire-text.js';
import type { Authorizer, HttpAuthorizer } from '../../resource/model/index.js';
import type { RequestAttributes } from '../../verdict/attributes.js';
import type { Consulted, GrpcReply, HeaderOption, HttpReply, ProviderReply } from '../../verdict/ext-authz.js';
import type { DenialResponse, HeaderLine } from '../../verdict/verdict.js';
import { changeQuery } from './change-query.js';
import { headerPatterns } from './header-patterns.js';

/** What an authorizer's answer does. */
export type Applied =
  | {
      readonly effect: 'allow';
      readonly outcome: Extract<Consulted['outcome'], 'allowed' | 'failed-open'>;
      /** As the authorizer left it. */
      readonly request?: RequestAttributes;
      readonly responseHeaders: readonly HeaderOption[];
      /** Why it was not an answer, where it was none. */
      readonly detail?: string;
    }
  | {
      readonly effect: 'deny';
      readonly outcome: Extract<Consulted['outcome'], 'denied' | 'error'>;
      readonly response: DenialResponse;
      readonly detail: string;
    };

/** Something that came back and is no answer. */
type Nonsense = { readonly nonsense: string };

/**
 * Applies an answer (reference sections 0.11 and 2.7). What is no answer (a failure, a 5xx over HTTP, a contradiction, a header
 * that no message may have) denies with `statusOnError` and an empty body, unless the provider is told to fail open; then the
 * request goes on as it came.
 */
export function applyReply(
  provider: Authorizer,
  dialect: 'strict' | 'upstream',
  reply: ProviderReply,
  request: RequestAttributes | undefined,
): Applied {
  const applied = answerOf(provider, dialect, reply, request);
  if (!('nonsense' in applied)) return applied;
  const detail = `provider \`${provider.name}\` ${applied.nonsense}`;
  if (provider.failOpen) {
    return {
      effect: 'allow',
      outcome: 'failed-open',
      ...(request === undefined ? {} : { request }),
      responseHeaders: [],
      detail,
    };
  }
  return { effect: 'deny', outcome: 'error', response: { status: provider.statusOnError, headers: [], body: '' }, detail };
}

function answerOf(
  provider: Authorizer,
  dialect: 'strict' | 'upstream',
  reply: ProviderReply,
  request: RequestAttributes | undefined,
): Applied | Nonsense {
  switch (reply.kind) {
    case 'failed':
      return { nonsense: reply.detail };
    case 'http':
      return provider.type === 'envoyExtAuthzHttp'
        ? httpAnswer(provider, reply, request)
        : { nonsense: 'answered in another protocol' };
    case 'grpc':
      return provider.type === 'envoyExtAuthzGrpc'
        ? grpcAnswer(provider, dialect, reply, request)
        : { nonsense: 'answered in another protocol' };
  }
}

function httpAnswer(provider: HttpAuthorizer, reply: HttpReply, request: RequestAttributes | undefined): Applied | Nonsense {
  const { status } = reply;
  if (!Number.isInteger(status) || status < 200 || status > 599) return { nonsense: `answered with status ${status}` };
  if (status >= 500) return { nonsense: `failed with status ${status}` };
  const headers = reply.headers.map(([name, value]) => [lowerAscii(name), value] as const).filter(([name]) => !isHopByHop(name));
  if (status !== 200) return denial(provider, status, headersOnDeny(provider, headers), reply.body);
  const upstream = headerPatterns(provider.headersToUpstreamOnAllow);
  const downstream = headerPatterns(provider.headersToDownstreamOnAllow);
  return allowance(request, {
    headers: headers.filter(([name]) => upstream(name)).map(([name, value]) => ({ name, value, action: 'overwrite-or-add' })),
    headersToRemove: [],
    responseHeaders: headers
      .filter(([name]) => downstream(name))
      .map(([name, value]) => ({ name, value, action: 'append-or-add' })),
    queryToSet: [],
    queryToRemove: [],
  });
}

/** All of the authorizer's headers, or those that are listed and the two that some statuses mean nothing without. */
function headersOnDeny(
  { headersToDownstreamOnDeny: patterns }: HttpAuthorizer,
  headers: readonly HeaderLine[],
): readonly HeaderLine[] {
  if (patterns.length === 0) return headers;
  const listed = headerPatterns([...patterns, 'www-authenticate', 'location']);
  return headers.filter(([name]) => listed(name));
}

function grpcAnswer(
  provider: Authorizer,
  dialect: 'strict' | 'upstream',
  reply: GrpcReply,
  request: RequestAttributes | undefined,
): Applied | Nonsense {
  if (reply.code === undefined && dialect === 'strict') return { nonsense: 'answered without a status' };
  if ((reply.code ?? 0) === 0) {
    return reply.denied === undefined ? allowance(request, reply.ok) : { nonsense: 'both allowed and denied' };
  }
  if (reply.ok !== undefined) return { nonsense: 'both allowed and denied' };
  const status = reply.denied?.status || 403;
  if (!Number.isInteger(status) || status < 200 || status > 599) return { nonsense: `denied with status ${status}` };
  const headers = (reply.denied?.headers ?? []).reduce(added, [] as readonly HeaderLine[]);
  return denial(provider, status, headers, reply.denied?.body ?? '');
}

function denial(
  { name }: Authorizer,
  status: number,
  headers: readonly HeaderLine[],
  body: string | Uint8Array,
): Applied | Nonsense {
  if (!headers.every(isSendable)) return { nonsense: 'answered with a header that no message may have' };
  return {
    effect: 'deny',
    outcome: 'denied',
    response: { status, headers: headers.filter(([each]) => !isHopByHop(each)), body },
    detail: `provider \`${name}\` denied it`,
  };
}

function allowance(request: RequestAttributes | undefined, ok: GrpcReply['ok']): Applied | Nonsense {
  const { headers = [], headersToRemove = [], responseHeaders = [], queryToSet = [], queryToRemove = [] } = ok ?? {};
  if (![...headers, ...responseHeaders].every(({ name, value }) => isSendable([name, value]))) {
    return { nonsense: 'answered with a header that no message may have' };
  }
  const forClient = responseHeaders.filter(({ name }) => !isHopByHop(lowerAscii(name)));
  if (request === undefined) return { effect: 'allow', outcome: 'allowed', responseHeaders: forClient };
  const removed = new Set(headersToRemove.map(lowerAscii));
  const lines = headers
    .filter(({ name }) => !isHopByHop(lowerAscii(name)))
    .reduce(changed, request.headers)
    .filter(([name]) => !removed.has(lowerAscii(name)) || isMessageOwn(lowerAscii(name)));
  const path = changeQuery(request.path, queryToSet, queryToRemove);
  return { effect: 'allow', outcome: 'allowed', request: { ...request, path, headers: lines }, responseHeaders: forClient };
}

/** On denials, which begin without headers. */
function added(lines: readonly HeaderLine[], option: HeaderOption): readonly HeaderLine[] {
  return option.append === true ? [...lines, [option.name, option.value]] : changed(lines, option);
}

/** On requests and denials: `append` adds to what is there, and everything else puts one value in place of all. */
function changed(lines: readonly HeaderLine[], option: HeaderOption): readonly HeaderLine[] {
  const name = lowerAscii(option.name);
  const others = lines.filter(([each]) => lowerAscii(each) !== name);
  if (option.append !== true) return [...others, [name, option.value]];
  const there = lines.filter(([each]) => lowerAscii(each) === name).map(([, value]) => value);
  return there.length === 0 ? lines : [...others, [name, [...there, option.value].join(',')]];
}

/** What belongs to one connection, or says how long a message is. */
function isHopByHop(name: string): boolean {
  return [
    'connection',
    'content-length',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ].includes(name);
}

/** What an authorizer may not take away. */
function isMessageOwn(name: string): boolean {
  return name === 'host' || isHopByHop(name);
}

const tokenMarks = "!#$%&'*+-.^_`|~";

/** A header that can be sent as it is. A pseudo header is none, nor is Host: an authorizer says yes or no to a request, it does not make it another one. */
function isSendable([name, value]: HeaderLine): boolean {
  if (name === '' || lowerAscii(name) === 'host' || !isWireText(value)) return false;
  for (const char of name) {
    const isAlphanumeric = (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9');
    if (!isAlphanumeric && !tokenMarks.includes(char)) return false;
  }
  for (const char of value) if ((char < ' ' && char !== '\t') || char === '\x7f') return false;
  return true;
}
