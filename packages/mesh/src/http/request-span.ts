import type { Span } from '../telemetry/tracing/span.js';
import type { TraceContext } from '../telemetry/tracing/trace-context.js';
import { bounded, verdictAttributes } from '../telemetry/tracing/verdict-attributes.js';
import type { RequestRecord } from './request-record.js';

/** Methods that a span is named by; a client may write anything. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/**
 * The span of one request at an L7 gate, with the attributes of OpenTelemetry's conventions for HTTP servers and what policy said. Its name has
 * no path in it, and nothing of it is a query or a header but the host: those may hold tokens.
 */
export function requestSpan(gate: string, record: RequestRecord, context: TraceContext): Span {
  const { head, parties, destination, verdict, status } = record;
  const { method, authority, httpVersion } = head.attributes;
  const known = knownMethods.has(method) ? method : '_OTHER';
  const [path = ''] = record.path.split(/[?#]/, 1);
  const service = destination?.service ?? parties.service;
  const start = record.startTime.getTime();
  return {
    context,
    name: known === '_OTHER' ? 'HTTP' : known,
    kind: 'server',
    start,
    end: start + record.durationMs,
    attributes: {
      'http.request.method': known,
      'http.response.status_code': status === 0 ? undefined : status,
      'url.path': bounded(path),
      'server.address': bounded(authority.slice(authority.lastIndexOf('@') + 1)),
      'network.protocol.version': httpVersion === 2 ? '2' : '1.1',
      'client.address': parties.downstreamRemote,
      'upstream.address': destination?.host,
      'upstream.cluster': destination?.cluster,
      'sallyport.source.workload': parties.source?.key,
      'sallyport.source.identity': bounded(parties.identity),
      'sallyport.destination.workload': destination?.workload?.key,
      'sallyport.destination.service': service?.hostname,
      'sallyport.request_id': bounded(record.requestId),
      'sallyport.response_flags': record.flags,
      'sallyport.response_details': bounded(record.details),
      'sallyport.bytes_sent': record.bytesSent,
      'sallyport.bytes_received': record.bytesReceived,
      ...verdictAttributes(gate, verdict),
    },
    // As for every server: what the client did wrong is no error of the gate's.
    ...(status >= 500 || status === 0 ? { error: bounded(record.details) ?? '' } : {}),
  };
}
