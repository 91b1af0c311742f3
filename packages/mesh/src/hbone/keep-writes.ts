import type { Duplex } from 'node:stream';

type Callback = (error?: Error | null) => void;

/**
 * Makes an HTTP/2 stream take text as bytes, and leave out writes of nothing.
 *
 * Node.js frees text that was written together with an empty chunk (which its own HTTP/1.1 client and server do) before it is sent,
 * and sends what is in that memory by then: sixteen bytes of something else at the head of a request. Bytes are kept until they are sent.
 */
export function keepWrites<Stream extends Duplex>(stream: Stream): Stream {
  const write = stream.write.bind(stream) as (bytes: Uint8Array, callback?: Callback) => boolean;
  const end = stream.end.bind(stream) as (callback?: () => void) => Duplex;
  const writeKept = (chunk: unknown, ...rest: unknown[]): boolean => {
    const bytes = toBytes(chunk, rest[0]);
    const callback = rest.find((one) => typeof one === 'function') as Callback | undefined;
    if (bytes.length > 0 || stream.writableEnded || stream.destroyed) return write(bytes, callback);
    if (callback !== undefined) process.nextTick(callback);
    return !stream.writableNeedDrain;
  };
  stream.write = writeKept as Duplex['write'];
  const endKept = (...args: unknown[]): Duplex => {
    const [chunk, encoding] = args;
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
      const bytes = toBytes(chunk, encoding);
      if (bytes.length > 0) write(bytes);
    }
    return end(args.find((one) => typeof one === 'function') as (() => void) | undefined);
  };
  return Object.assign(stream, { end: endKept });
}

function toBytes(chunk: unknown, encoding: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('only text and bytes can be written to a tunnel');
}
