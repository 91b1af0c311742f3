import type { Authorizer, BodyInCheck, ExtensionProvider } from '../model/extension-provider.js';
import { parseDuration } from '../validate/values/duration.js';
import type { Fields } from './fields.js';

/** What an authorizer that says nothing about time gets: upstream's own default (reference section 2.7). */
const defaultTimeoutMs = 600_000;
const defaultStatusOnError = 403;

/** Providers of telemetry and the like, which change no verdict. */
const otherProviders = [
  'zipkin',
  'lightstep',
  'datadog',
  'stackdriver',
  'opencensus',
  'skywalking',
  'opentelemetry',
  'prometheus',
  'envoyFileAccessLog',
  'envoyHttpAls',
  'envoyTcpAls',
  'envoyOtelAls',
  'sds',
];

/** Decodes an entry of `extensionProviders`; what is wrong with its settings `validateExtensionProvider` says. */
export function decodeExtensionProvider(provider: Fields): ExtensionProvider {
  provider.require('name', 'name the provider, as policies do');
  const named = { name: provider.string('name') ?? '', span: provider.spanOf('name') };
  const grpc = provider.fields('envoyExtAuthzGrpc');
  const http = provider.fields('envoyExtAuthzHttp');
  provider.ignore(...otherProviders);
  provider.refuseUnknown();
  if (grpc !== undefined) return decodeGrpc(named, grpc);
  return http === undefined ? { ...named, type: 'other' } : decodeHttp(named, http);
}

type Named = Pick<ExtensionProvider, 'name' | 'span'>;

function decodeGrpc(named: Named, fields: Fields): Authorizer {
  const authorizer: Authorizer = { ...named, type: 'envoyExtAuthzGrpc', ...decodeCommon(fields) };
  fields.refuseUnknown();
  return authorizer;
}

function decodeHttp(named: Named, fields: Fields): Authorizer {
  const authorizer: Authorizer = {
    ...named,
    type: 'envoyExtAuthzHttp',
    ...decodeCommon(fields),
    pathPrefix: fields.string('pathPrefix') ?? '',
    includeRequestHeadersInCheck: [
      ...fields.strings('includeRequestHeadersInCheck'),
      // The name that it had before.
      ...fields.strings('includeHeadersInCheck'),
    ],
    includeAdditionalHeadersInCheck: fields.stringMap('includeAdditionalHeadersInCheck')?.values ?? {},
    headersToUpstreamOnAllow: fields.strings('headersToUpstreamOnAllow'),
    headersToDownstreamOnDeny: fields.strings('headersToDownstreamOnDeny'),
    headersToDownstreamOnAllow: fields.strings('headersToDownstreamOnAllow'),
  };
  fields.refuseUnknown();
  return authorizer;
}

function decodeCommon(fields: Fields) {
  fields.require('service', 'write the service that answers, as `NAMESPACE/HOSTNAME`');
  fields.require('port', 'write the port of the service');
  const body = decodeBody(fields.fields('includeRequestBodyInCheck'));
  return {
    service: fields.string('service') ?? '',
    port: fields.port('port') ?? 0,
    timeoutMs: parseDuration(fields.string('timeout') ?? '') ?? defaultTimeoutMs,
    failOpen: fields.boolean('failOpen') ?? false,
    statusOnError: Number(fields.string('statusOnError') || defaultStatusOnError),
    clearRouteCache: fields.boolean('clearRouteCache') ?? false,
    ...(body === undefined ? {} : { body }),
  };
}

function decodeBody(fields: Fields | undefined): BodyInCheck | undefined {
  if (fields === undefined) return undefined;
  const body = {
    maxRequestBytes: fields.integer('maxRequestBytes', 0, 0xffff_ffff) ?? 0,
    allowPartialMessage: fields.boolean('allowPartialMessage') ?? false,
    packAsBytes: fields.boolean('packAsBytes') ?? false,
  };
  fields.refuseUnknown();
  return body;
}
