import type { TraceHeaders } from '../telemetry/tracing/trace-context.js';
import type { HeaderList } from './header-list.js';

const names = new Set(['traceparent', 'tracestate']);

/** Headers that tell this place in a trace, in the place of any other; as they are where there is none. */
export function withTrace(headers: HeaderList, trace: TraceHeaders | undefined): HeaderList {
  if (trace === undefined) return headers;
  const others = headers.filter(([name]) => !names.has(name));
  return [...others, ['traceparent', trace.parent], ...(trace.state === undefined ? [] : [['tracestate', trace.state] as const])];
}
