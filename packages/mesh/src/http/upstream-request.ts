import type { RequestHead } from './exchange.js';
import { forwardedRequestHeaders, type RequestHeaderRules } from './forwarded-headers.js';
import type { RoutedTarget } from './scope.js';
import type { UpstreamRequest } from './upstream.js';

/** Methods of which a second delivery does no more than the first (RFC 9110, section 9.2.2), and that carry no body. */
const repeatableMethods = ['GET', 'HEAD', 'OPTIONS'];

/** A client's request as it goes on, on the path that was judged. */
export function upstreamRequest(head: RequestHead, path: string, rules: RequestHeaderRules): UpstreamRequest {
  return {
    method: head.attributes.method,
    path,
    authority: head.attributes.authority,
    scheme: 'http',
    headers: forwardedRequestHeaders(head, rules),
    hasBody: head.hasBody,
    expectsContinue: head.expectsContinue,
    ...(head.upgrade === undefined ? {} : { upgrade: head.upgrade }),
  };
}

/** Whether a request may be sent again where nobody knows if it arrived. */
export function isRepeatable(request: UpstreamRequest): boolean {
  return !request.hasBody && request.upgrade === undefined && repeatableMethods.includes(request.method);
}

/** The target for this request: only HTTP/1.1 changes protocols, and such a connection is not shared with anything. */
export function targetFor(request: UpstreamRequest, target: RoutedTarget): RoutedTarget {
  return request.upgrade === undefined ? target : { ...target, protocol: 'http1', key: `${target.key} upgrade` };
}
