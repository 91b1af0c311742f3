import { readTraceparent, writeTraceparent } from '../../../src/telemetry/tracing/trace-context.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

export const traceparents: FuzzTarget = {
  name: 'traceparents',
  words: ['-', '00', 'ff', '01', trace, span, '0'.repeat(32), '0'.repeat(16), 'A', '\n'],
  seeds: () => [`00-${trace}-${span}-01`, `cc-${trace}-${span}-00-more`].map((text) => Buffer.from(text)),
  run: (bytes) => {
    const read = readTraceparent(bytes.toString('latin1'));
    if (read === undefined) return;
    holds(/^[0-9a-f]{32}$/.test(read.traceId) && /^[0-9a-f]{16}$/.test(read.spanId), 'what is told on can be told');
    const again = readTraceparent(writeTraceparent(read));
    holds(
      again?.traceId === read.traceId && again.spanId === read.spanId && again.sampled === read.sampled,
      'it is the same again',
    );
  },
};
