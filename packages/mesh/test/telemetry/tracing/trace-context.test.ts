import fc from 'fast-check';
import { expect, it } from 'vitest';
import { childOf, newTrace, readTraceparent, writeTraceparent } from '../../../src/telemetry/tracing/trace-context.js';
import { Tracer } from '../../../src/telemetry/tracing/tracer.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

it('a traceparent is read, and its unknown flags are not passed on', () => {
  const parent = readTraceparent(`00-${traceId}-${spanId}-ff`);
  expect(parent).toEqual({ traceId, spanId, sampled: true });
  expect(parent && writeTraceparent(parent)).toBe(`00-${traceId}-${spanId}-01`);
  expect(readTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
});

it('one of a later version is read as far as it is known', () => {
  expect(readTraceparent(`cc-${traceId}-${spanId}-01-what the future holds`)?.traceId).toBe(traceId);
  expect(readTraceparent(`cc-${traceId}-${spanId}-01`)?.traceId).toBe(traceId);
});

it.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['two of them', `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`],
  ['more behind version 00', `00-${traceId}-${spanId}-01-more`],
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a short trace', `00-${traceId.slice(1)}-${spanId}-01`],
  ['no flags', `00-${traceId}-${spanId}`],
  ['more behind a later version without a separator', `cc-${traceId}-${spanId}-01x`],
])('%s is none', (_, text) => {
  expect(readTraceparent(text)).toBeUndefined();
});

it('what is written is read as it was', () => {
  fc.assert(
    fc.property(fc.boolean(), (sampled) => {
      const trace = newTrace(sampled);
      expect(readTraceparent(writeTraceparent(trace))).toEqual(trace);
      const child = childOf(trace, undefined);
      expect(child).toMatchObject({ traceId: trace.traceId, parentId: trace.spanId, sampled });
      expect(child.spanId).not.toBe(trace.spanId);
    }),
  );
});

it('the share of new traces that are exported is the one that was asked for, and the caller chooses for its own', () => {
  const sampled = (ratio: number, parent?: string) => {
    const tracer = new Tracer({ ratio, export: () => undefined });
    return Array.from({ length: 2000 }, () => tracer.begin(parent)).filter((context) => context.sampled).length;
  };
  expect(sampled(0)).toBe(0);
  expect(sampled(1)).toBe(2000);
  expect(sampled(0.25)).toBeGreaterThan(300);
  expect(sampled(0.25)).toBeLessThan(700);
  expect(sampled(0, `00-${traceId}-${spanId}-01`)).toBe(2000);
  expect(sampled(1, `00-${traceId}-${spanId}-00`)).toBe(0);
});
