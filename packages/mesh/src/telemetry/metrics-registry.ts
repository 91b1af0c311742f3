import { type OpenMetricsContentType, Registry } from 'prom-client';

/** A registry whose text is OpenMetrics; the names of its counters end in `_total` (reference section 7.11). */
export function createMetricsRegistry(): Registry {
  const registry = new Registry();
  // The type knows no other content type than the first; the class does.
  (registry as unknown as Registry<OpenMetricsContentType>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}
