import type { Check, HeaderLine } from '@sallyport/policy';

/** What the recorder left out of every list of headers. */
const leftOut = new Set([
  'x-request-id',
  'x-forwarded-proto',
  'content-length',
  'accept-encoding',
  'traceparent',
  'tracestate',
  'host',
]);

/**
 * Headers as the record has them: lower-case names, sorted, without what the recorder left out. Repeats are joined, as Envoy joins
 * some of them and not others, which says the same.
 */
export function recordedHeaders(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  const values = new Map<string, string[]>();
  for (const [written, value] of lines) {
    const name = written.toLowerCase();
    if (leftOut.has(name) || (name.startsWith('x-envoy-') && name !== 'x-envoy-auth-partial-body')) continue;
    values.set(name, [...(values.get(name) ?? []), value.trim()]);
  }
  return [...values]
    .map(([name, all]) => [name, (all.length === 1 ? all : all.filter((value) => value !== '')).join(',')] as const)
    .sort(([a], [b]) => compare(a, b));
}

/** A call of an authorizer, as the record has it. */
export interface RecordedCheck {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: string;
  readonly sourceIP?: string;
}

/** A call as the recorder would have written it. */
export function recordedCheck(check: Check): RecordedCheck {
  if (check.kind === 'http') {
    const { kind, method, path, authority } = check;
    return { kind, method, path, host: authority, headers: recordedHeaders(check.headers), ...bodyOf(check.body) };
  }
  const { method = '', path = '', host = '', headers = {}, body } = check.request ?? {};
  return {
    kind: 'grpc',
    method,
    path,
    host,
    headers: recordedHeaders(Object.entries(headers)),
    ...(check.source.principal === undefined ? {} : { sourcePrincipal: check.source.principal }),
    sourceIP: check.source.address,
    ...bodyOf(body?.bytes),
  };
}

function bodyOf(bytes: Uint8Array | undefined): { readonly body?: string } {
  return bytes === undefined || bytes.length === 0 ? {} : { body: Buffer.from(bytes).toString('utf8') };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
