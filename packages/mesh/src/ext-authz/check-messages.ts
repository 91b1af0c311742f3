import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { CheckPeer, GrpcCheck, GrpcReply, HeaderOption } from '@sallyport/policy';
import { checkRequestSchema, checkResponseSchema } from './check-schema.js';

/** Writes a call of `envoy.service.auth.v3.Authorization/Check`. */
export function encodeCheck(check: GrpcCheck, now: number): Uint8Array {
  const attributes = {
    source: peer(check.source),
    destination: peer(check.destination),
    ...(check.request === undefined ? {} : { request: { time: timestamp(now), http: httpAttributes(check.request) } }),
  };
  return toBinary(checkRequestSchema, create(checkRequestSchema, { attributes }));
}

function peer({ address, port, principal }: CheckPeer): Record<string, unknown> {
  return {
    address: { socketAddress: { address, portSpecifier: { case: 'portValue', value: port ?? 0 } } },
    ...(principal === undefined ? {} : { principal }),
  };
}

function timestamp(now: number): Record<string, unknown> {
  return { seconds: BigInt(Math.floor(now / 1000)), nanos: (now % 1000) * 1_000_000 };
}

function httpAttributes({
  id,
  method,
  path,
  host,
  scheme,
  protocol,
  headers,
  size,
  body,
}: NonNullable<GrpcCheck['request']>): Record<string, unknown> {
  return {
    id: id ?? '',
    method,
    headers: Object.entries(headers).map(([key, value]) => ({ key, value: fromWire(value) })),
    path: fromWire(path),
    host,
    scheme,
    size: BigInt(size),
    protocol,
    ...(body === undefined ? {} : body.packed ? { rawBody: body.bytes } : { body: utf8.decode(body.bytes) }),
  };
}

const utf8 = new TextDecoder();

/** Header values have one character per byte; in a message they are text. */
function fromWire(value: string): string {
  return utf8.decode(Buffer.from(value, 'latin1'));
}

function toWire(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** What `CheckResponse` looks like once it has been read, every field of it that means anything to us. */
interface DecodedResponse extends Message {
  readonly status?: { readonly code: number };
  readonly httpResponse:
    | { readonly case: 'deniedResponse'; readonly value: DecodedDenial }
    | { readonly case: 'okResponse'; readonly value: DecodedOk }
    | { readonly case: undefined };
}

interface DecodedDenial {
  readonly status?: { readonly code: number };
  readonly headers: readonly DecodedOption[];
  readonly body: string;
}

interface DecodedOk {
  readonly headers: readonly DecodedOption[];
  readonly headersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly DecodedOption[];
  readonly queryParametersToSet: readonly { readonly key: string; readonly value: string }[];
  readonly queryParametersToRemove: readonly string[];
}

interface DecodedOption {
  readonly header?: { readonly key: string; readonly value: string; readonly rawValue: Uint8Array };
  readonly append?: { readonly value: boolean };
  readonly appendAction: number;
}

/** Reads an answer; throws where the bytes are none. */
export function decodeReply(bytes: Uint8Array): GrpcReply {
  const { status, httpResponse } = fromBinary(checkResponseSchema, bytes) as DecodedResponse;
  return {
    kind: 'grpc',
    ...(status === undefined ? {} : { code: status.code }),
    ...(httpResponse.case === 'okResponse' ? { ok: okOf(httpResponse.value) } : {}),
    ...(httpResponse.case === 'deniedResponse' ? { denied: deniedOf(httpResponse.value) } : {}),
  };
}

function okOf(ok: DecodedOk): NonNullable<GrpcReply['ok']> {
  return {
    headers: ok.headers.map(optionOf),
    headersToRemove: ok.headersToRemove,
    responseHeaders: ok.responseHeadersToAdd.map(optionOf),
    queryToSet: ok.queryParametersToSet.map(({ key, value }) => ({ key, value })),
    queryToRemove: ok.queryParametersToRemove,
  };
}

function deniedOf({ status, headers, body }: DecodedDenial): NonNullable<GrpcReply['denied']> {
  return { status: status?.code ?? 0, headers: headers.map(optionOf), body };
}

const actions = ['append-or-add', 'add-if-absent', 'overwrite-or-add', 'overwrite-if-exists'] as const;

function optionOf({ header, append, appendAction }: DecodedOption): HeaderOption {
  const action = actions[appendAction];
  if (header === undefined || action === undefined)
    throw new TypeError('a header option without a header, or with an unknown action');
  const value = header.rawValue.length > 0 ? Buffer.from(header.rawValue).toString('latin1') : toWire(header.value);
  return { name: header.key, value, action, ...(append === undefined ? {} : { append: append.value }) };
}
