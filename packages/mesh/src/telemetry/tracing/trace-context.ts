import { randomFillSync } from 'node:crypto';

/** A place in a trace (W3C Trace Context, level 1). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The place of a span that is under way. */
export interface TraceContext extends TraceParent {
  readonly parentId?: string;
  /** The caller's `tracestate`, which goes on as it is. */
  readonly state?: string;
}

/** The same as headers tell it: `traceparent` and `tracestate`. */
export interface TraceHeaders {
  readonly parent: string;
  readonly state?: string | undefined;
}

const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeros = /^0+$/;

/** Reads a `traceparent`. Undefined for one that is malformed, or is none: a trace begins anew then, as the standard asks. */
export function readTraceparent(text: string | undefined): TraceParent | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', more] = format.exec(text ?? '') ?? [];
  if (traceId === '' || version === 'ff' || zeros.test(traceId) || zeros.test(spanId)) return undefined;
  // A later version may say more behind this; the first one must not.
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A `traceparent` of version 00. */
export function writeTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** A trace that nobody else knows of. Bit patterns of zeros alone, which mean nothing, are as likely as a guessed key. */
export function newTrace(sampled = false): TraceParent {
  const random = randomDigits(24);
  return { traceId: random.slice(0, 32), spanId: random.slice(32), sampled };
}

/** A span below a place in a trace. */
export function childOf(parent: TraceParent, state: string | undefined): TraceContext {
  return {
    traceId: parent.traceId,
    spanId: randomDigits(8),
    sampled: parent.sampled,
    parentId: parent.spanId,
    ...(state === undefined ? {} : { state }),
  };
}

/** Random bytes are fetched for many spans at a time: one job for each costs more than the rest of it. */
const randomness = Buffer.alloc(4096);
let used = randomness.length;

function randomDigits(bytes: number): string {
  if (used + bytes > randomness.length) {
    randomFillSync(randomness);
    used = 0;
  }
  used += bytes;
  return randomness.toString('hex', used - bytes, used);
}
