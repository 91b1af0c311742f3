import type { MessageProblem, RequestHead } from './exchange.js';
import { firstHeader, type HeaderList, headersFromRaw, headerTokens, headerValues } from './header-list.js';
import type { HttpLimits } from './limits.js';

/** The parts of an HTTP/1.1 request that Node's parser gives. */
export interface Http1Message {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly rawHeaders: readonly string[];
}

/** Reads the head of an HTTP/1.1 request; what the message may not be is in `problem`. */
export function http1RequestHead(message: Http1Message, scheme: string, limits: HttpLimits): RequestHead {
  const headers = headersFromRaw(message.rawHeaders);
  const target = splitTarget(message.target);
  const hosts = headerValues(headers, 'host');
  const attributes = {
    method: message.method,
    path: target.path,
    authority: target.authority ?? hosts[0] ?? '',
    scheme,
    headers: headers.filter(([name]) => name !== 'host'),
    httpVersion: 1 as const,
  };
  const upgrade = headerTokens(headers, 'connection').includes('upgrade') ? firstHeader(headers, 'upgrade') : undefined;
  const problem = http1Problem(message, headers, hosts) ?? commonProblem(attributes, limits);
  return {
    attributes,
    hasBody: bodyFollows(headers),
    expectsContinue: headerTokens(headers, 'expect').includes('100-continue'),
    ...(upgrade === undefined || isIgnoredUpgrade(upgrade) ? {} : { upgrade }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Reads the head of an HTTP/2 request from Node's flat list, pseudo headers included. */
export function http2RequestHead(raw: readonly string[], endStream: boolean, limits: HttpLimits): RequestHead {
  const headers = headersFromRaw(raw);
  const hosts = headerValues(headers, 'host');
  const authority = pseudo(raw, ':authority');
  const attributes = {
    method: pseudo(raw, ':method') ?? '',
    path: pseudo(raw, ':path') ?? '',
    authority: authority ?? hosts[0] ?? '',
    scheme: pseudo(raw, ':scheme') ?? 'http',
    headers: headers.filter(([name]) => name !== 'host'),
    httpVersion: 2 as const,
  };
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

/** Takes the authority out of an absolute-form target, which then counts instead of Host (RFC 9112, section 3.2.2). */
function splitTarget(target: string): { readonly path: string; readonly authority?: string } {
  const lower = target.slice(0, 8).toLowerCase();
  const scheme = lower.startsWith('http://') ? 7 : lower.startsWith('https://') ? 8 : 0;
  if (scheme === 0) {
    return { path: target };
  }
  let end = scheme;
  while (end < target.length && !'/?#'.includes(target.charAt(end))) {
    end += 1;
  }
  const rest = target.slice(end);
  return { authority: target.slice(scheme, end), path: rest.startsWith('/') ? rest : `/${rest}` };
}

function http1Problem(message: Http1Message, headers: HeaderList, hosts: readonly string[]): MessageProblem | undefined {
  if (message.version !== '1.1') {
    return { status: 426, detail: 'low_version' };
  }
  if (hosts.length !== 1) {
    return { status: 400, detail: hosts.length === 0 ? 'missing_host_header' : 'duplicate_host_header' };
  }
  const lengths = headerValues(headers, 'content-length');
  const encodings = headerTokens(headers, 'transfer-encoding');
  if (lengths.length > 1 || (lengths.length === 1 && encodings.length > 0)) {
    return { status: 400, detail: 'http1.ambiguous_body_length' };
  }
  if (encodings.length > 1 || (encodings.length === 1 && encodings[0] !== 'chunked')) {
    return { status: 501, detail: 'http1.unknown_transfer_encoding' };
  }
  return firstHeader(headers, 'upgrade') !== undefined &&
    bodyFollows(headers) &&
    headerTokens(headers, 'connection').includes('upgrade')
    ? { status: 400, detail: 'http1.upgrade_with_body' }
    : undefined;
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

// Whatever could be read as two authorities, or as something other than one by the next hop, is refused: spaces, controls, lists, user information, paths.
function isAuthority(authority: string): boolean {
  return (
    authority !== '' &&
    every(authority, (code) => code > 0x20 && code < 0x7f && !' "#,/<>?@\\^`{|}'.includes(String.fromCharCode(code)))
  );
}

function isPath(path: string): boolean {
  return path.startsWith('/') && every(path, (code) => code > 0x20 && code !== 0x7f && code <= 0xff);
}

function every(text: string, accepts: (code: number) => boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (!accepts(text.charCodeAt(at))) {
      return false;
    }
  }
  return true;
}

function bodyFollows(headers: HeaderList): boolean {
  const length = firstHeader(headers, 'content-length');
  return firstHeader(headers, 'transfer-encoding') !== undefined || (length !== undefined && Number(length) !== 0);
}

/** An upgrade to cleartext HTTP/2 would carry requests past the policy; the request is served as the HTTP/1.1 that it is. */
function isIgnoredUpgrade(upgrade: string): boolean {
  return upgrade
    .toLowerCase()
    .split(',')
    .some((protocol) => protocol.trim().startsWith('h2'));
}
