import { ReadRequest } from '@sallyport/policy';
import type { MessageProblem, RequestHead } from './exchange.js';
import { firstHeader, type HeaderList, headersFromRaw, headerTokens, headerValues } from './header-list.js';
import type { HttpLimits } from './limits.js';
import { authorityOctets, consistsOf, writtenTargetOctets } from './message/octets.js';
import { type RequestMessage, splitTarget } from './message/request-line.js';

/** What an HTTP/1.1 request asks for; what the message may not be is in `problem`. */
export function http1RequestHead(message: RequestMessage, scheme: string, limits: HttpLimits): RequestHead {
  const { headers, framing } = message;
  const target = splitTarget(message.target);
  const hosts = headerValues(headers, 'host');
  const attributes = new ReadRequest({
    method: message.method,
    path: target.path,
    authority: target.authority ?? hosts[0] ?? '',
    scheme,
    headers: headers.filter(([name]) => name !== 'host'),
    httpVersion: 1,
  });
  const upgrade = asksForUpgrade(headers) ? firstHeader(headers, 'upgrade') : undefined;
  const problem = http1Problem(message, hosts) ?? commonProblem(attributes, limits);
  return {
    attributes,
    hasBody: framing.kind !== 'none',
    expectsContinue: headerTokens(headers, 'expect').includes('100-continue'),
    ...(upgrade === undefined || isIgnoredUpgrade(upgrade) ? {} : { upgrade }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Whether this request is to be the last one on its connection. */
export function asksToClose(headers: HeaderList): boolean {
  return headerTokens(headers, 'connection').includes('close');
}

/** Whether whoever sent this may go on in another protocol right after it, whatever is answered. */
export function asksForUpgrade(headers: HeaderList): boolean {
  return firstHeader(headers, 'upgrade') !== undefined && headerTokens(headers, 'connection').includes('upgrade');
}

/** Reads the head of an HTTP/2 request from Node's flat list, pseudo headers included. */
export function http2RequestHead(raw: readonly string[], endStream: boolean, limits: HttpLimits): RequestHead {
  const headers = headersFromRaw(raw);
  const hosts = headerValues(headers, 'host');
  const authority = pseudo(raw, ':authority');
  const attributes = new ReadRequest({
    method: pseudo(raw, ':method') ?? '',
    path: pseudo(raw, ':path') ?? '',
    authority: authority ?? hosts[0] ?? '',
    scheme: pseudo(raw, ':scheme') ?? 'http',
    headers: headers.filter(([name]) => name !== 'host'),
    httpVersion: 2,
  });
  const problem = http2Problem(authority, hosts) ?? commonProblem(attributes, limits);
  return {
    attributes,
    hasBody: !endStream,
    expectsContinue: headerTokens(headers, 'expect').includes('100-continue'),
    ...(problem === undefined ? {} : { problem }),
  };
}

function pseudo(raw: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at] === name) {
      return raw[at + 1];
    }
  }
  return undefined;
}

function http1Problem({ version, headers, framing }: RequestMessage, hosts: readonly string[]): MessageProblem | undefined {
  if (version !== '1.1') {
    return { status: 426, detail: 'low_version' };
  }
  if (hosts.length !== 1) {
    return { status: 400, detail: hosts.length === 0 ? 'missing_host_header' : 'duplicate_host_header' };
  }
  if (framing.kind === 'unknown') {
    return { status: 501, detail: 'http1.unknown_transfer_encoding' };
  }
  return framing.kind !== 'none' && asksForUpgrade(headers) ? { status: 400, detail: 'http1.upgrade_with_body' } : undefined;
}

function http2Problem(authority: string | undefined, hosts: readonly string[]): MessageProblem | undefined {
  if (authority === undefined && hosts.length === 0) {
    return { status: 400, detail: 'missing_host_header' };
  }
  const differing = hosts.some((host) => host !== (authority ?? hosts[0]));
  return differing ? { status: 400, detail: 'duplicate_host_header' } : undefined;
}

function commonProblem(attributes: RequestHead['attributes'], limits: HttpLimits): MessageProblem | undefined {
  if (attributes.method === 'CONNECT') {
    return { status: 403, detail: 'upgrade_failed' };
  }
  if (attributes.headers.length > limits.headerCount) {
    return { status: 431, detail: 'too_many_headers' };
  }
  if (!isAuthority(attributes.authority)) {
    return { status: 400, detail: 'invalid_authority' };
  }
  const asterisk = attributes.path === '*' && attributes.method === 'OPTIONS';
  return isPath(attributes.path) || asterisk ? undefined : { status: 400, detail: 'invalid_path' };
}

function isAuthority(authority: string): boolean {
  return authority !== '' && consistsOf(authorityOctets, authority);
}

function isPath(path: string): boolean {
  return path.startsWith('/') && consistsOf(writtenTargetOctets, path);
}

/** An upgrade to cleartext HTTP/2 would carry requests past the policy; the request is served as the HTTP/1.1 that it is. */
function isIgnoredUpgrade(upgrade: string): boolean {
  return upgrade
    .toLowerCase()
    .split(',')
    .some((protocol) => protocol.trim().startsWith('h2'));
}
