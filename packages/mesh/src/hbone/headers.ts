import { isIP } from 'node:net';
import type { Workload } from '@sallyport/policy';
import type { MessageHead, OutgoingHead } from '../http2/message-head.js';
import { canonicalName, canonicalRevision } from '../telemetry/canonical.js';
import { newTrace, writeTraceparent } from '../telemetry/tracing/trace-context.js';

/** What a CONNECT says about the connection that it carries; for logs and metrics only, never for a verdict (reference section 7.4). */
export interface TunnelDescription {
  /** Who connects. */
  readonly workload?: Workload;
  /** The client's address, as policy address. */
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
  /** Host name of the service that the client asked for. */
  readonly serviceHost?: string;
  /** Passed on from an incoming request; a new trace begins where there is none. */
  readonly traceparent?: string | undefined;
}

/** The headers of an HBONE request: `baggage`, `forwarded`, `traceparent`. */
export function tunnelHeaders(description: TunnelDescription): OutgoingHead {
  const forwarded = forwardedOf(description);
  return {
    ...(description.workload === undefined ? {} : { baggage: baggageOf(description.workload) }),
    ...(forwarded === undefined ? {} : { forwarded }),
    traceparent: description.traceparent ?? writeTraceparent(newTrace()),
  };
}

const baggages = new WeakMap<Workload, string>();

/** Names a workload as OpenTelemetry resource attributes, percent-encoded as the W3C's baggage format asks. */
export function baggageOf(workload: Workload): string {
  const known = baggages.get(workload);
  if (known !== undefined) return known;
  const baggage = writeBaggage(workload);
  baggages.set(workload, baggage);
  return baggage;
}

function writeBaggage(workload: Workload): string {
  const { labels } = workload;
  const entries: readonly (readonly [string, string | undefined])[] = [
    ['k8s.namespace.name', workload.namespace],
    [`k8s.${workload.ownerKind.toLowerCase()}.name`, workload.ownerName],
    ['service.name', canonicalName(workload)],
    ['service.version', canonicalRevision(labels)],
  ];
  return entries
    .filter((entry): entry is readonly [string, string] => entry[1] !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join(',');
}

function forwardedOf({ sourceAddress, sourcePort, serviceHost }: TunnelDescription): string | undefined {
  const parts: string[] = [];
  if (sourceAddress !== undefined) parts.push(`for="${formatAuthority(sourceAddress, sourcePort)}"`);
  if (serviceHost !== undefined) parts.push(`host=${serviceHost}`);
  return parts.length === 0 ? undefined : parts.join(';');
}

/** The `host` of a `forwarded` header, lower-case; undefined where there is none. */
export function forwardedHost(headers: MessageHead): string | undefined {
  const part = headers.forwarded?.split(';').find((candidate) => candidate.startsWith('host='));
  return part?.slice('host='.length).toLowerCase();
}

/** `ADDRESS:PORT`, with brackets around an IPv6 address. */
export function formatAuthority(host: string, port?: number): string {
  const bracketed = isIP(host) === 6 ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}
