import { randomUUID } from 'node:crypto';
import { joinsLines } from '@sallyport/policy';
import type { TraceHeaders } from '../telemetry/tracing/trace-context.js';
import type { RequestHead } from './exchange.js';
import { firstHeader, type Header, type HeaderList, headerTokens, headerValues } from './header-list.js';
import { withTrace } from './trace-headers.js';

/** Meaningful on one connection only (RFC 9110, section 7.6.1); what `connection` names joins them. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Headers by which gates speak to each other: a client's own never pass (reference section 0.2). */
const internal = new Set([
  'x-forwarded-client-cert',
  'x-envoy-internal',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-peer-metadata',
  'x-envoy-peer-metadata-id',
  'x-istio-attributes',
]);

/** W3C Trace Context. */

/** Fields that a trailer section may not set: framing, routing, credentials, and what gates vouch for. */
const neverTrailers = new Set([
  ...hopByHop,
  ...internal,
  'host',
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'authorization',
  'cookie',
  'set-cookie',
  'expect',
  'max-forwards',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
]);

/** What a gate adds to a request on its way. */
export interface RequestHeaderRules {
  /** Appends the TCP peer to `x-forwarded-for`: an ingress gateway. */
  readonly appendForwardedFor?: string;
  /** Believes the client's `x-forwarded-proto`: a waypoint, or a gateway behind trusted proxies. */
  readonly trustForwardedProto: boolean;
  /** Takes the place of the client's `traceparent` and `tracestate`, where this gate has a span of its own. */
  readonly trace?: TraceHeaders;
}

/** The headers that go on to the application, `host` and framing aside. */
export function forwardedRequestHeaders(head: RequestHead, rules: RequestHeaderRules): Header[] {
  const { attributes } = head;
  const named = new Set(headerTokens(attributes.headers, 'connection'));
  const kept = attributes.headers.filter(([name]) => !hopByHop.has(name) && !internal.has(name) && !named.has(name));
  const headers = joinRepeated([...withTrace(kept, rules.trace)]);
  if (attributes.httpVersion === 2 && headerTokens(attributes.headers, 'te').includes('trailers')) {
    headers.push(['te', 'trailers']);
  }
  if (rules.appendForwardedFor !== undefined) {
    append(headers, 'x-forwarded-for', rules.appendForwardedFor);
  }
  const scheme = attributes.scheme ?? 'http';
  const proto = rules.trustForwardedProto ? firstHeader(headers, 'x-forwarded-proto') : undefined;
  set(headers, 'x-forwarded-proto', proto === 'http' || proto === 'https' ? proto : scheme);
  if ((firstHeader(headers, 'x-request-id') ?? '') === '') {
    set(headers, 'x-request-id', randomUUID());
  }
  return headers;
}

/** The headers of a response that go back to the client. */
export function forwardedResponseHeaders(headers: HeaderList): Header[] {
  const named = new Set(headerTokens(headers, 'connection'));
  return headers.filter(([name]) => !hopByHop.has(name) && !named.has(name));
}

/** The trailers that may pass, either way. */
export function forwardedTrailers(trailers: HeaderList): Header[] {
  return trailers.filter(([name]) => !neverTrailers.has(name));
}

/**
 * Joins the lines of each header that policies see joined, at the place of its first line, so that the application reads what was judged
 * and HTTP/2 can carry it; cookies become one line, as in HTTP/1.1.
 */
function joinRepeated(headers: Header[]): Header[] {
  if (new Set(headers.map(([name]) => name)).size === headers.length) return headers;
  const done = new Set<string>();
  return headers.flatMap(([name, value]): Header[] => {
    if (!joinsLines(name) && name !== 'cookie') {
      return [[name, value]];
    }
    if (done.has(name)) {
      return [];
    }
    done.add(name);
    const values = headerValues(headers, name);
    return [[name, values.length === 1 ? value : values.filter((each) => each !== '').join(name === 'cookie' ? '; ' : ',')]];
  });
}

function set(headers: Header[], name: string, value: string): void {
  const at = headers.findIndex((header) => header[0] === name);
  if (at < 0) {
    headers.push([name, value]);
  } else {
    headers[at] = [name, value];
  }
}

function append(headers: Header[], name: string, value: string): void {
  const earlier = firstHeader(headers, name);
  set(headers, name, earlier === undefined || earlier === '' ? value : `${earlier}, ${value}`);
}
