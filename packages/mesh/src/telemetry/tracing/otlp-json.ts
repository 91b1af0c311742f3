import type { Attributes, AttributeValue, Span } from './span.js';

/** Whose spans they are. */
export interface SpanOrigin {
  /** `service.name` and what else tells one process from another. */
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
}

/** What the standard has every vendor carry. */
const longestState = 512;

const kinds = { server: 2, client: 3 } as const;

/** `ExportTraceServiceRequest` in the JSON encoding of OTLP 1.0: identifiers in hexadecimal, 64-bit numbers as text. */
export function writeTraces(spans: readonly Span[], { resource, scope }: SpanOrigin): string {
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope, spans: spans.map(spanToJson) }] }],
  });
}

function spanToJson({ context, name, kind, start, end, attributes, error }: Span) {
  const { traceId, spanId, parentId, state, sampled } = context;
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    ...(state === undefined || state.length > longestState ? {} : { traceState: state }),
    flags: sampled ? 1 : 0,
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(Math.max(start, end)),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { code: 2, message: error },
  };
}

/** Whole microseconds: what is finer is beyond a double. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}
