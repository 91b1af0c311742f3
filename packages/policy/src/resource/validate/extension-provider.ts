import type { Text } from '../../diagnostic/span.js';
import type { Fields } from '../decode/fields.js';
import { isDnsSubdomain } from './names.js';
import { parseDuration } from './values/duration.js';

/** The statuses that Envoy has a name for: what `statusOnError` may be (reference section 2.7). */
const statuses: ReadonlySet<number> = new Set([
  ...[100, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426],
  ...[428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

const headerName = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;

/** Checks the settings of an external authorizer: a wrong one would be found when the first request needs it. */
export function validateExtensionProvider(provider: Fields): void {
  const grpc = provider.fields('envoyExtAuthzGrpc');
  const http = provider.fields('envoyExtAuthzHttp');
  if (grpc !== undefined && http !== undefined) {
    refuse(
      provider,
      { value: 'envoyExtAuthzHttp', span: provider.nameSpan('envoyExtAuthzHttp') },
      'stands beside `envoyExtAuthzGrpc`',
      {
        hint: 'give each protocol a provider of its own',
      },
    );
  }
  if (grpc !== undefined) checkAuthorizer(grpc);
  if (http !== undefined) checkHttp(http);
}

function checkHttp(fields: Fields): void {
  checkAuthorizer(fields);
  const prefix = fields.text('pathPrefix');
  if (prefix !== undefined && prefix.value !== '' && !isPathPrefix(prefix.value)) {
    refuse(fields, prefix, 'is not the beginning of a path', { hint: 'write a path that begins with `/`, without query' });
  }
  for (const list of headerLists) {
    for (const name of fields.texts(list)) if (!headerName.test(name.value)) refuseHeader(fields, name);
  }
  const added = fields.stringMap('includeAdditionalHeadersInCheck');
  for (const [name, value] of Object.entries(added?.values ?? {})) {
    const span = added?.keySpans[name] ?? fields.span;
    if (!headerName.test(name) || hasControl(value)) refuseHeader(fields, { value: name, span });
  }
}

const headerLists = [
  'includeRequestHeadersInCheck',
  'includeHeadersInCheck',
  'headersToUpstreamOnAllow',
  'headersToDownstreamOnDeny',
  'headersToDownstreamOnAllow',
];

function checkAuthorizer(fields: Fields): void {
  const service = fields.text('service');
  if (service !== undefined && !isService(service.value)) {
    refuse(fields, service, 'is not a service', { hint: 'write `HOSTNAME` or `NAMESPACE/HOSTNAME`' });
  }
  const status = fields.text('statusOnError');
  if (status !== undefined && status.value !== '' && !statuses.has(Number(status.value))) {
    refuse(fields, status, 'is not a status of HTTP', { hint: 'write a status such as `"403"`' });
  }
  const timeout = fields.text('timeout');
  if (timeout !== undefined && !((parseDuration(timeout.value) ?? 0) >= 1)) {
    refuse(fields, timeout, 'is not a time to wait', { hint: 'write a duration of at least 1ms, such as `0.5s`' });
  }
  const body = fields.fields('includeRequestBodyInCheck');
  if (body !== undefined && (body.integer('maxRequestBytes', 0, 0xffff_ffff) ?? 0) === 0) {
    refuse(
      fields,
      { value: 'includeRequestBodyInCheck', span: fields.spanOf('includeRequestBodyInCheck') },
      'has no `maxRequestBytes`',
      {
        hint: 'write how many bytes of a body the provider may see',
      },
    );
  }
}

function isService(text: string): boolean {
  const [namespace, host, ...more] = text.includes('/') ? text.split('/') : [undefined, text];
  return more.length === 0 && (namespace === undefined || isDnsSubdomain(namespace)) && isDnsSubdomain(host ?? '');
}

function isPathPrefix(text: string): boolean {
  return text.startsWith('/') && !/[\s?#]/.test(text) && !hasControl(text);
}

function hasControl(text: string): boolean {
  return [...text].some((char) => (char < ' ' && char !== '\t') || char === '\x7f');
}

function refuseHeader(fields: Fields, name: Text): void {
  refuse(fields, name, 'is not a header', {
    hint: 'write the name of a header; a `*` may stand at one end of it where a list is asked for',
  });
}

function refuse(fields: Fields, { value, span }: Text, problem: string, detail: { readonly hint: string }): void {
  fields.report('mesh-provider-setting', span, `\`${value}\` ${problem}`, detail);
}
