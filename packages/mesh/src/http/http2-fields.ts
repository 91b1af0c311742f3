import type { Http2Stream } from 'node:http2';
import { resetStream } from '../hbone/reset.js';
import { type HeaderList, headersToObject } from './header-list.js';

/** Fields that Node.js writes to HTTP/2 once only: repeated, they make it throw. */
const singleValued = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** What is not judged goes on as far as HTTP/2 can say it: of fields that it knows once only, the first line counts. */
export function writableFields(headers: HeaderList): Record<string, string | string[]> {
  const object = headersToObject(headers);
  for (const [name, value] of Object.entries(object)) {
    if (Array.isArray(value) && singleValued.has(name)) object[name] = value[0] as string;
  }
  return object;
}

/** Ends a stream that waits for its trailers. It is called by Node.js, where an exception would end the process: the stream ends instead. */
export function sendTrailers(stream: Http2Stream, trailers: HeaderList): void {
  try {
    stream.sendTrailers(writableFields(trailers));
  } catch {
    resetStream(stream);
  }
}
