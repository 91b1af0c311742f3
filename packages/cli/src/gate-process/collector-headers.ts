/** The headers for a collector that OpenTelemetry's own variable lists, `name=value` with commas between, percent-encoded. What is none is left out. */
export function collectorHeaders(environment: NodeJS.ProcessEnv): Record<string, string> {
  const pairs = (environment.OTEL_EXPORTER_OTLP_HEADERS ?? '').split(',').flatMap((entry) => {
    const [, name, value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(entry) ?? [];
    const decoded = decode(value.trim());
    return name === undefined || decoded === undefined ? [] : [[name.toLowerCase(), decoded] as const];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return /^[\t\x20-\x7e]*$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
