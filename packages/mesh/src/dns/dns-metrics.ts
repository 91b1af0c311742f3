import type { Workload } from '@sallyport/policy';
import type { Registry } from 'prom-client';
import { canonicalName, canonicalRevision } from '../telemetry/canonical.js';
import { Distribution } from '../telemetry/distribution.js';
import { registerMetric } from '../telemetry/registered-metric.js';
import { type Labels, SeriesMap } from '../telemetry/series-map.js';
import type { Transport } from './answer-query.js';

const labelNames = ['request_query_type', 'request_protocol', 'source_canonical_service', 'source_canonical_revision'] as const;

type Label = (typeof labelNames)[number];

/** ztunnel's own buckets, in seconds. */
const buckets = [0.0005, 0.001, 0.01, 0.1, 1, 5];

const mostSeries = 5_000;

/** Types that are told apart: a client may ask for any of 65,536. */
const knownTypes = new Set('A AAAA ANY CAA CNAME HINFO MX NS PTR SOA SRV TXT'.split(' '));

/** What is counted of the questions of one label set. */
class DnsSeries {
  requests = 0;
  forwarded = 0;
  failures = 0;
  readonly duration = new Distribution(buckets);

  constructor(readonly labels: Labels<Label>) {}
}

const byRegistry = new WeakMap<Registry, DnsMetrics>();

/** What the resolvers of one process were asked, by ztunnel's names (reference section 7.11). */
export class DnsMetrics {
  readonly #series = new SeriesMap(labelNames, (labels) => new DnsSeries(labels), mostSeries);

  private constructor(registry: Registry) {
    const counter = (name: string, help: string, part: 'requests' | 'forwarded' | 'failures') => {
      const values = () => [...this.#series.all()].map((series) => ({ labels: series.labels, value: series[part] }));
      registerMetric(registry, { name, help, type: 'counter', values });
    };
    counter('istio_dns_requests_total', 'Questions of DNS', 'requests');
    counter('istio_dns_upstream_requests_total', 'Questions that were handed on to other resolvers', 'forwarded');
    counter('istio_dns_upstream_failures_total', 'Questions that no other resolver answered', 'failures');
    const duration = 'istio_dns_upstream_request_duration_seconds';
    const values = () => [...this.#series.all()].flatMap((series) => series.duration.values(duration, series.labels));
    registerMetric(registry, { name: duration, help: 'Time until another resolver answered', type: 'histogram', values });
  }

  /** The metrics of a registry, made once. */
  static of(registry: Registry): DnsMetrics {
    const metrics = byRegistry.get(registry) ?? new DnsMetrics(registry);
    byRegistry.set(registry, metrics);
    return metrics;
  }

  /** A question was asked. */
  asked(question: DnsQuestion): void {
    this.#seriesOf(question).requests += 1;
  }

  /** A question was handed on, and answered after so many seconds; `undefined` where nobody answered. */
  forwarded(question: DnsQuestion, seconds: number | undefined): void {
    const series = this.#seriesOf(question);
    series.forwarded += 1;
    if (seconds === undefined) series.failures += 1;
    else series.duration.observe(seconds);
  }

  #seriesOf({ type, transport, client }: DnsQuestion): DnsSeries {
    return this.#series.of({
      request_query_type: knownTypes.has(type) ? type.toLowerCase() : 'unknown',
      request_protocol: transport,
      source_canonical_service: client === undefined ? 'unknown' : canonicalName(client),
      source_canonical_revision: client === undefined ? 'unknown' : canonicalRevision(client),
    });
  }
}

/** What a question is counted by. */
interface DnsQuestion {
  /** As `A` or `AAAA`. */
  readonly type: string;
  readonly transport: Transport;
  readonly client: Workload | undefined;
}
