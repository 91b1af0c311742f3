import { Counter, Histogram, type Registry } from 'prom-client';
import { serviceLabels, sharedLabelNames, workloadLabels } from '../telemetry/connection-labels.js';
import { isGrpcHead } from './local-reply.js';
import type { RequestRecord } from './request-record.js';

const labelNames = [...sharedLabelNames, 'response_code', 'grpc_response_status'] as const;

type Label = (typeof labelNames)[number];

/** Envoy's own buckets. */
const buckets = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
];

/** Label sets that are kept apart; those beyond share one, so that memory stays bounded whatever connects. */
const mostSeries = 5_000;

const byRegistry = new WeakMap<Registry, RequestMetrics>();

/** Istio's HTTP metrics, shared by the L7 gates of one process. */
export class RequestMetrics {
  readonly #requests: Counter<Label>;
  readonly #duration: Histogram<Label>;
  readonly #requestBytes: Histogram<Label>;
  readonly #responseBytes: Histogram<Label>;
  readonly #seen = new Set<string>();

  private constructor(registry: Registry) {
    const shape = { labelNames: [...labelNames], registers: [registry] };
    this.#requests = new Counter({ ...shape, name: 'istio_requests_total', help: 'HTTP requests' });
    const histogram = (name: string, help: string) => new Histogram({ ...shape, name, help, buckets });
    this.#duration = histogram(
      'istio_request_duration_milliseconds',
      'Time from the head of a request to the end of its response',
    );
    this.#requestBytes = histogram('istio_request_bytes', 'Bytes of request bodies');
    this.#responseBytes = histogram('istio_response_bytes', 'Bytes of response bodies');
  }

  /** The metrics of a registry, made once. */
  static of(registry: Registry): RequestMetrics {
    const metrics = byRegistry.get(registry) ?? new RequestMetrics(registry);
    byRegistry.set(registry, metrics);
    return metrics;
  }

  /** Counts a request that is over. */
  record(reporter: 'waypoint' | 'source', record: RequestRecord): void {
    const labels = this.#admit(labelsOf(reporter, record));
    this.#requests.inc(labels);
    this.#duration.observe(labels, record.durationMs);
    this.#requestBytes.observe(labels, record.bytesReceived);
    this.#responseBytes.observe(labels, record.bytesSent);
  }

  #admit(labels: Record<Label, string>): Record<Label, string> {
    const key = JSON.stringify(labels);
    if (this.#seen.has(key) || this.#seen.size < mostSeries) {
      this.#seen.add(key);
      return labels;
    }
    return Object.fromEntries(labelNames.map((name) => [name, 'unknown'])) as Record<Label, string>;
  }
}

function labelsOf(reporter: 'waypoint' | 'source', record: RequestRecord): Record<Label, string> {
  const { parties, destination } = record;
  const { source_region, source_zone, ...source } = workloadLabels('source', parties.source, parties.identity);
  const { destination_region, destination_zone, ...target } = workloadLabels(
    'destination',
    destination?.workload,
    destination?.workload?.identity,
  );
  return {
    reporter,
    ...source,
    ...serviceLabels(destination?.service ?? parties.service),
    ...target,
    request_protocol: isGrpcHead(record.head) ? 'grpc' : 'http',
    response_code: String(record.status),
    grpc_response_status: record.grpcStatus,
    response_flags: record.flags,
    connection_security_policy: parties.identity === undefined ? 'unknown' : 'mutual_tls',
  };
}
