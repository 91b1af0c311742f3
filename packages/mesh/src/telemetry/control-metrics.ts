import { Counter, Gauge, type Registry } from 'prom-client';

/** What a gate process tells of those that it depends on: it goes on without them, for a while. */
export class ControlMetrics {
  readonly #connected: Gauge;
  readonly #renewalFailures: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#connected = new Gauge({
      name: 'sallyport_supervisor_connected',
      help: '1 while this gate hears of changes, 0 once its supervisor is gone and the last state stays in force',
      // Of several workers: none hears of changes once one does not.
      aggregator: 'min',
      registers,
    });
    this.#renewalFailures = new Counter({
      name: 'sallyport_certificate_renewal_failures_total',
      help: 'Attempts to renew a certificate that failed; it serves until it runs out',
      registers,
    });
    this.#connected.set(1);
  }

  supervisorGone(): void {
    this.#connected.set(0);
  }

  renewalFailed(): void {
    this.#renewalFailures.inc();
  }
}
