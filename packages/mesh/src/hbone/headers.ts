import { isIP } from 'node:net';
import type { Workload } from '@sallyport/policy';
import type { MessageHead, OutgoingHead } from '../http2/message-head.js';
import { canonicalName, canonicalRevision, clusterId } from '../telemetry/canonical.js';
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
  /** What kind of gate at L7 goes on, if one does: it has applied what policy there is at L7. */
  readonly judgedBy?: 'waypoint' | 'gateway';
  /** Passed on from an incoming request; a new trace begins where there is none. */
  readonly traceparent?: string | undefined;
}

/** The header that says which kind of gate sends a tunnel on. */
export const sourceHeader = 'x-istio-source';

/** The header that says which network a tunnel comes from. */
export const networkHeader = 'x-forwarded-network';

/** The headers of an HBONE request: `baggage`, `forwarded`, `traceparent`, and `x-istio-source` from a gate at L7. */
export function tunnelHeaders(description: TunnelDescription): OutgoingHead {
  const forwarded = forwardedOf(description);
  return {
    ...(description.workload === undefined ? {} : { baggage: baggageOf(description.workload) }),
    ...(forwarded === undefined ? {} : { forwarded }),
    traceparent: description.traceparent ?? writeTraceparent(newTrace()),
    ...(description.judgedBy === undefined ? {} : { [sourceHeader]: description.judgedBy }),
  };
}

/** The headers of a tunnel inside another, which leads out of a network (reference section 7.7). */
export function innerHeaders(outer: OutgoingHead, network: string): OutgoingHead {
  const { [sourceHeader]: _, ...shared } = outer;
  return { ...shared, [networkHeader]: network };
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
  const entries: readonly (readonly [string, string])[] = [
    ['k8s.cluster.name', clusterId],
    ['k8s.namespace.name', workload.namespace],
    ownerEntry(workload),
    ['service.name', canonicalName(workload)],
    ['service.version', canonicalRevision(workload)],
  ];
  return entries.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join(',');
}

/** The kinds of owners that other implementations know; the others' pods stand for themselves. */
const namedOwners: ReadonlySet<string> = new Set(['Deployment', 'Job', 'CronJob']);

function ownerEntry({ ownerKind, ownerName, name }: Workload): readonly [string, string] {
  return namedOwners.has(ownerKind) ? [`k8s.${ownerKind.toLowerCase()}.name`, ownerName] : ['k8s.pod.name', name];
}

function forwardedOf({ sourceAddress, sourcePort, serviceHost }: TunnelDescription): string | undefined {
  const parts: string[] = [];
  if (sourceAddress !== undefined) parts.push(`for="${formatAuthority(sourceAddress, sourcePort)}"`);
  if (serviceHost !== undefined) parts.push(`host=${serviceHost}`);
  return parts.length === 0 ? undefined : parts.join(';');
}

/** The `host` of a `forwarded` header, lower-case and without quotation marks; undefined where there is none. */
export function forwardedHost(headers: MessageHead): string | undefined {
  const parts = headers.forwarded?.split(';').map((part) => part.trim());
  const value = parts?.find((part) => part.startsWith('host='))?.slice('host='.length) ?? '';
  const host = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  return host === '' ? undefined : host.toLowerCase();
}

/** `ADDRESS:PORT`, with brackets around an IPv6 address. */
export function formatAuthority(host: string, port?: number): string {
  const bracketed = host.includes(':') && isIP(host) === 6 ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}
