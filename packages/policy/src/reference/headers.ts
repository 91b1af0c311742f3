import type { RequestAttributes } from '../verdict/attributes.js';
import { trimBlanks } from '../verdict/trim-blanks.js';
import { lowerAscii } from './string-pattern.js';

/** Request headers as policy sees them: the values of a lower-case name, each of which is matched by itself. */
export type HeaderView = (name: string) => readonly string[];

/** What a gate adds to a request's headers before policy looks at them. */
export interface HeaderContext {
  /** `:path` after normalisation, with its query. */
  readonly path: string;
  /** The client's address, where the gate appends it to X-Forwarded-For: at a gateway. */
  readonly appendForwardedFor?: string;
}

/** Repeats of these are joined with a comma, empty values skipped, before they are matched (reference section 0.2). */
const joined = new Set([
  'accept',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-type',
  'expect',
  'grpc-accept-encoding',
  'grpc-timeout',
  'if-match',
  'if-none-match',
  'origin',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'x-client-trace-id',
  'x-envoy-decorator-operation',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
]);

/**
 * Hop-by-hop headers, and Envoy's own that only Envoy may set: removed before policy, so that nothing matches them (reference
 * section 0.2).
 */
const removed = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-internal',
  'x-envoy-ip-tags',
  'x-envoy-max-retries',
  'x-envoy-original-url',
  'x-envoy-retriable-header-names',
  'x-envoy-retriable-status-codes',
  'x-envoy-retry-grpc-on',
  'x-envoy-retry-on',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-rq-timeout-ms',
  'x-forwarded-client-cert',
]);

/**
 * Stands for the request id that the gate makes up where the client sent none: present, and equal to nothing that a policy
 * could name.
 */
const generatedRequestId = '\u0000';

/** Headers that the gate sets itself or adds to, and those that depend on the version of HTTP. */
const set = new Set([
  ':authority',
  ':method',
  ':path',
  ':scheme',
  'host',
  'te',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
]);

/** The header view of a request (reference section 0.2), pseudo headers and `host` included. */
export function headerView(request: RequestAttributes, context: HeaderContext): HeaderView {
  const byName = groupByName(request);
  if (context.appendForwardedFor !== undefined) append(byName, 'x-forwarded-for', context.appendForwardedFor);
  const scheme = request.scheme ?? 'http';
  const own: Readonly<Record<string, readonly string[]>> = {
    ':authority': [request.authority],
    host: [request.authority],
    ':method': [request.method],
    ':path': [context.path],
    ':scheme': [scheme],
  };
  const always: Readonly<Record<string, string>> = { 'x-forwarded-proto': scheme, 'x-request-id': generatedRequestId };
  return (name) => {
    if (Object.hasOwn(own, name)) return own[name] ?? [];
    if (removed.has(name) || (name === 'te' && request.httpVersion === 1)) return [];
    const values = byName.get(name) ?? [];
    const seen = joined.has(name)
      ? join(values, ',')
      : name === 'cookie' && request.httpVersion === 2
        ? join(values, '; ')
        : values;
    return seen.length === 0 && Object.hasOwn(always, name) ? [always[name] ?? ''] : seen;
  };
}

/** Whether policy sees of a header what its lines say: the gate neither sets, removes nor reads it in a way of its own. */
export function isPlainHeader(name: string): boolean {
  return !removed.has(name) && !set.has(name);
}

/** Whether the lines of a header are one value to policy and to whoever looks for tokens (reference section 0.2). */
export function joinsLines(name: string): boolean {
  return joined.has(name);
}

function groupByName(request: RequestAttributes): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of request.headers) append(byName, lowerAscii(name), trimBlanks(value));
  return byName;
}

function append(byName: Map<string, string[]>, name: string, value: string): void {
  const values = byName.get(name);
  if (values === undefined) byName.set(name, [value]);
  else values.push(value);
}

function join(values: readonly string[], separator: string): readonly string[] {
  return values.length === 0 ? [] : [values.filter((value) => value !== '').join(separator)];
}
