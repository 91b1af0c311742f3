import type { Consulted } from '@sallyport/policy';
import { verdictFields } from '../telemetry/denial.js';
import { type LogFormat, quote } from '../telemetry/log-line.js';
import { firstHeader } from './header-list.js';
import type { RequestRecord } from './request-record.js';

/** Writes one line for one request: Istio's default format for Envoy, followed by what policy said where it said something. */
export function formatRequest(record: RequestRecord, format: LogFormat): string {
  return format === 'json' ? JSON.stringify(jsonFields(record)) : textLine(record);
}

/** Envoy's name for why policy refused (reference section 2.1). */
export function denialDetails(record: RequestRecord): string {
  const { policy, reason, detail } = record.verdict ?? {};
  if (reason === 'invalid-token') {
    return `jwt_authn_access_denied{${(detail ?? '').replaceAll(' ', '_')}}`;
  }
  if (policy === undefined || policy.rule === undefined) {
    return 'rbac_access_denied_matched_policy[none]';
  }
  return `rbac_access_denied_matched_policy[ns[${policy.namespace}]-policy[${policy.name}]-rule[${policy.rule}]]`;
}

/** Envoy's name for why an external authorizer, or the lack of its answer, refused a request. */
export function authorizerDetails(outcome: Consulted['outcome'] | undefined): string {
  switch (outcome) {
    case 'denied':
      return 'ext_authz_denied';
    case 'not-asked':
      return 'request_payload_too_large';
    default:
      return 'ext_authz_error';
  }
}

function textLine(record: RequestRecord): string {
  const f = fields(record);
  const request = quote(`${f.method} ${f.path} ${f.protocol}`);
  const outcome = `${f.status} ${f.flags} ${f.details} ${f.termination} ${quote(f.failure)}`;
  const counts = `${f.bytesReceived} ${f.bytesSent} ${f.duration} ${f.serviceTime}`;
  // What a client wrote must not end a field or a line.
  const client = `${quote(f.forwardedFor)} ${quote(f.userAgent)} ${quote(f.requestId)} ${quote(f.authority)}`;
  const upstream = `${quote(f.upstreamHost)} ${f.cluster} - ${f.downstreamLocal} ${f.downstreamRemote} ${bare(f.sni)} ${bare(f.route)}`;
  let line = `[${f.startTime}] ${request} ${outcome} ${counts} ${client} ${upstream}`;
  for (const [name, value] of extensionFields(record)) line += ` ${name}=${typeof value === 'number' ? value : quote(value)}`;
  return line;
}

function jsonFields(record: RequestRecord): Record<string, string | number | null> {
  const f = fields(record);
  const orNull = (text: string) => (text === '-' ? null : text);
  return {
    authority: orNull(f.authority),
    bytes_received: f.bytesReceived,
    bytes_sent: f.bytesSent,
    connection_termination_details: orNull(f.termination),
    downstream_local_address: f.downstreamLocal,
    downstream_remote_address: f.downstreamRemote,
    duration: f.duration,
    method: f.method,
    path: f.path,
    protocol: f.protocol,
    request_id: orNull(f.requestId),
    requested_server_name: orNull(f.sni),
    response_code: f.status,
    response_code_details: f.details,
    response_flags: f.flags,
    route_name: orNull(f.route),
    start_time: f.startTime,
    upstream_cluster: orNull(f.cluster),
    upstream_host: orNull(f.upstreamHost),
    upstream_local_address: null,
    upstream_service_time: orNull(String(f.serviceTime)),
    upstream_transport_failure_reason: orNull(f.failure),
    user_agent: orNull(f.userAgent),
    x_forwarded_for: orNull(f.forwardedFor),
    ...Object.fromEntries(extensionFields(record)),
  };
}

function fields(record: RequestRecord) {
  const { attributes } = record.head;
  const { parties, destination } = record;
  return {
    startTime: record.startTime.toISOString(),
    method: attributes.method,
    path: record.path,
    protocol: attributes.httpVersion === 2 ? 'HTTP/2' : 'HTTP/1.1',
    status: record.status,
    flags: record.flags,
    details: record.details,
    termination: record.termination,
    failure: record.failure,
    bytesReceived: record.bytesReceived,
    bytesSent: record.bytesSent,
    duration: Math.round(record.durationMs),
    serviceTime: record.serviceTimeMs === undefined ? '-' : Math.round(record.serviceTimeMs),
    forwardedFor: record.forwardedFor ?? '-',
    userAgent: firstHeader(attributes.headers, 'user-agent') ?? '-',
    requestId: record.requestId === '' ? '-' : record.requestId,
    authority: attributes.authority === '' ? '-' : attributes.authority,
    upstreamHost: destination?.host ?? '-',
    cluster: destination?.cluster ?? '-',
    downstreamLocal: parties.downstreamLocal,
    downstreamRemote: parties.downstreamRemote,
    sni: parties.sni ?? '-',
    route: destination?.routeName ?? '-',
  };
}

function extensionFields({ verdict }: RequestRecord): [string, string | number][] {
  return (verdict === undefined ? [] : verdictFields(verdict)).flatMap(({ name, value }): [string, string | number][] =>
    value === undefined ? [] : [[name, value]],
  );
}

function bare(text: string): string {
  const quoted = quote(text);
  return text.includes(' ') ? quoted : quoted.slice(1, -1);
}
