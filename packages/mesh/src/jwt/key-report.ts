import { Counter } from 'prom-client';
import type { GateOptions } from '../gate.js';
import { formatLogLine } from '../telemetry/log-line.js';
import type { KeyEvent } from './remote-keys.js';

const name = 'sallyport_key_fetches_total';

/** Counts fetches of keys, and logs those that failed. */
export function keyReport({ log, logFormat, metrics }: Pick<GateOptions, 'log' | 'logFormat' | 'metrics'>) {
  const counter =
    (metrics.getSingleMetric(name) as Counter<'result'> | undefined) ??
    new Counter({ name, help: 'Fetches of the keys that tokens are checked with', labelNames: ['result'], registers: [metrics] });
  return (place: string, event: KeyEvent): void => {
    counter.inc({ result: event.kind });
    if (event.kind === 'fetched') return;
    const fields = [
      { name: 'from', value: place },
      { name: 'error', value: event.detail },
      { name: 'earlier_keys_serve', value: String(event.stale), bare: true },
    ];
    const line = { time: new Date(), level: 'warn', scope: 'jwt', message: 'keys could not be fetched', fields } as const;
    log(formatLogLine(line, logFormat ?? 'text'));
  };
}
