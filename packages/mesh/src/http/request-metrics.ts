import type { ServiceInfo, Workload } from '@sallyport/policy';
import type { Registry } from 'prom-client';
import { serviceLabels, sharedLabelNames, workloadLabels } from '../telemetry/connection-labels.js';
import { Distribution } from '../telemetry/distribution.js';
import { registerMetric } from '../telemetry/registered-metric.js';
import { type Labels, SeriesMap } from '../telemetry/series-map.js';
import { isGrpcHead } from './local-reply.js';
import type { RequestParties, RequestRecord } from './request-record.js';

const labelNames = [...sharedLabelNames, 'response_code', 'grpc_response_status'] as const;

type Label = (typeof labelNames)[number];

/** Envoy's own buckets. */
const buckets = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
];

/** Label sets that are kept apart; those beyond share one, so that memory stays bounded whatever connects. */
const mostSeries = 5_000;

const byRegistry = new WeakMap<Registry, RequestMetrics>();

/** What is counted of the requests of one label set. */
class RequestSeries {
  requests = 0;
  readonly duration = new Distribution(buckets);
  readonly requestBytes = new Distribution(buckets);
  readonly responseBytes = new Distribution(buckets);

  constructor(readonly labels: Labels<Label>) {}
}

/** The series of the requests that were the last ones to look alike, with what their labels were made of. */
interface Remembered {
  readonly workload: Workload | undefined;
  readonly service: ServiceInfo | undefined;
  readonly series: RequestSeries;
}

/** Istio's HTTP metrics, shared by the L7 gates of one process. */
export class RequestMetrics {
  readonly #series = new SeriesMap(labelNames, (labels) => new RequestSeries(labels), mostSeries);
  /** Labels cost more than counting: those of a connection are made once. */
  readonly #byConnection = new WeakMap<RequestParties, Map<string, Remembered>>();

  private constructor(registry: Registry) {
    const counts = () => [...this.#series.all()].map(({ labels, requests }) => ({ labels, value: requests }));
    registerMetric(registry, { name: 'istio_requests_total', help: 'HTTP requests', type: 'counter', values: counts });
    const histogram = (name: string, help: string, part: 'duration' | 'requestBytes' | 'responseBytes') => {
      const values = () => [...this.#series.all()].flatMap((series) => series[part].values(name, series.labels));
      registerMetric(registry, { name, help, type: 'histogram', values });
    };
    histogram('istio_request_duration_milliseconds', 'Time from the head of a request to the end of its response', 'duration');
    histogram('istio_request_bytes', 'Bytes of request bodies', 'requestBytes');
    histogram('istio_response_bytes', 'Bytes of response bodies', 'responseBytes');
  }

  /** The metrics of a registry, made once. */
  static of(registry: Registry): RequestMetrics {
    const metrics = byRegistry.get(registry) ?? new RequestMetrics(registry);
    byRegistry.set(registry, metrics);
    return metrics;
  }

  /** Counts a request that is over. */
  record(reporter: 'waypoint' | 'source', record: RequestRecord): void {
    const series = this.#seriesOf(reporter, record);
    series.requests += 1;
    series.duration.observe(record.durationMs);
    series.requestBytes.observe(record.bytesReceived);
    series.responseBytes.observe(record.bytesSent);
  }

  #seriesOf(reporter: 'waypoint' | 'source', record: RequestRecord): RequestSeries {
    const { parties, destination } = record;
    const workload = destination?.workload;
    const service = destination?.service ?? parties.service;
    const key = `${record.status} ${record.flags} ${grpcStatusOf(record)} ${isGrpcHead(record.head)}`;
    const known = this.#byConnection.get(parties) ?? new Map<string, Remembered>();
    this.#byConnection.set(parties, known);
    const remembered = known.get(key);
    if (remembered !== undefined && remembered.workload === workload && remembered.service === service) return remembered.series;
    const series = this.#series.of(labelsOf(reporter, record));
    if (known.size < mostRemembered) known.set(key, { workload, service, series });
    return series;
  }
}

/** The status of gRPC, empty for what is none; an application may write anything, and what is no status is -1, as at Envoy. */
function grpcStatusOf({ head, grpcStatus }: RequestRecord): string {
  if (!isGrpcHead(head) || grpcStatus === '') return '';
  return /^(\d|1[0-6])$/.test(grpcStatus) ? grpcStatus : '-1';
}

/** An application chooses status codes, and must not fill memory with them. */
const mostRemembered = 20;

function labelsOf(reporter: 'waypoint' | 'source', record: RequestRecord): Labels<Label> {
  const { parties, destination } = record;
  return {
    reporter,
    ...workloadLabels('source', parties.source, parties.identity),
    ...serviceLabels(destination?.service ?? parties.service),
    ...workloadLabels('destination', destination?.workload, destination?.workload?.identity),
    request_protocol: isGrpcHead(record.head) ? 'grpc' : 'http',
    response_code: String(record.status),
    grpc_response_status: grpcStatusOf(record),
    response_flags: record.flags,
    connection_security_policy: parties.identity === undefined ? 'unknown' : 'mutual_tls',
  };
}
