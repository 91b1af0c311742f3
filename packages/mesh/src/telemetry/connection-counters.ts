import type { Registry } from 'prom-client';
import type { ConnectionInfo } from './access-log.js';
import { type ConnectionLabel, connectionLabelNames, connectionLabels } from './connection-labels.js';
import { registerMetric } from './registered-metric.js';
import type { ResponseFlags } from './response-flags.js';
import { type Labels, SeriesMap } from './series-map.js';

/** Label sets that are kept apart; those beyond share one, so that memory stays bounded whatever connects. */
const mostSeries = 10_000;

/** Series that are remembered for one destination; with more it begins anew. */
const mostRemembered = 1000;

/** What is counted of the connections of one label set; what was never counted is not shown. */
class ConnectionSeries {
  opened: number | undefined;
  closed: number | undefined;
  failed: number | undefined;
  sent: number | undefined;
  received: number | undefined;

  constructor(readonly labels: Labels<ConnectionLabel>) {}
}

/** The series of a connection that looked alike, with the objects that its labels were made of. */
interface Remembered {
  readonly source: ConnectionInfo['source']['workload'];
  readonly service: ConnectionInfo['destination']['service'];
  readonly series: ConnectionSeries;
}

/** Bytes of a connection, by who sent them. */
interface Bytes {
  readonly fromClient: number;
  readonly fromServer: number;
}

/** Istio's TCP metrics (reference section 7.11). */
export class ConnectionCounters {
  readonly #series = new SeriesMap(connectionLabelNames, (labels) => new ConnectionSeries(labels), mostSeries);
  /** Labels cost more than counting: those of a pair of workloads are made once, for as long as a snapshot has them. */
  readonly #byDestination = new WeakMap<object, Map<string, Remembered>>();

  constructor(registry: Registry) {
    const counter = (name: string, help: string, part: Exclude<keyof ConnectionSeries, 'labels'>): void => {
      const values = () =>
        [...this.#series.all()].flatMap(({ labels, [part]: value }) => (value === undefined ? [] : [{ labels, value }]));
      registerMetric(registry, { name, help, type: 'counter', values });
    };
    counter('istio_tcp_connections_opened_total', 'TCP connections opened', 'opened');
    counter('istio_tcp_connections_closed_total', 'TCP connections closed', 'closed');
    counter('istio_tcp_connections_failed_total', 'TCP connections that ended with an error', 'failed');
    counter('istio_tcp_sent_bytes_total', 'Bytes sent to the client of a TCP connection', 'sent');
    counter('istio_tcp_received_bytes_total', 'Bytes received from the client of a TCP connection', 'received');
  }

  opened(connection: ConnectionInfo): void {
    const series = this.#seriesOf(connection, '-');
    series.opened = (series.opened ?? 0) + 1;
  }

  /** Bytes are counted from the server's point of view at both reporters, as Istio does: received is what the client sent. */
  closed(connection: ConnectionInfo, flags: ResponseFlags, bytes: Bytes): void {
    const series = this.#seriesOf(connection, flags);
    series.closed = (series.closed ?? 0) + 1;
    if (flags !== '-') series.failed = (series.failed ?? 0) + 1;
    series.received = (series.received ?? 0) + bytes.fromClient;
    series.sent = (series.sent ?? 0) + bytes.fromServer;
  }

  #seriesOf(connection: ConnectionInfo, flags: ResponseFlags): ConnectionSeries {
    const { direction, source, destination } = connection;
    const anchor = destination.workload ?? destination.service;
    if (anchor === undefined) return this.#series.of(connectionLabels(connection, flags));
    const secured = destination.hboneAddress !== undefined;
    const key = `${direction} ${flags} ${secured} ${source.workload?.key} ${source.identity} ${destination.identity}`;
    const remembered = this.#remembered(anchor);
    const known = remembered.get(key);
    if (known !== undefined && known.source === source.workload && known.service === destination.service) return known.series;
    const series = this.#series.of(connectionLabels(connection, flags));
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(key, { source: source.workload, service: destination.service, series });
    return series;
  }

  #remembered(anchor: object): Map<string, Remembered> {
    const known = this.#byDestination.get(anchor);
    if (known !== undefined) return known;
    const made = new Map<string, Remembered>();
    this.#byDestination.set(anchor, made);
    return made;
  }
}
