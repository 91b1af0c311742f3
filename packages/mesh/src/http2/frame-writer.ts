import type { Setting } from './frame-reader.js';
import { flag, frameHeaderLength, frameType } from './protocol.js';

/** Writes the nine bytes before a frame's payload (RFC 9113 section 4.1). */
export function writeFrameHeader(into: Buffer, at: number, length: number, type: number, flags: number, streamId: number): void {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  into[at + 5] = streamId >>> 24;
  into[at + 6] = streamId >>> 16;
  into[at + 7] = streamId >>> 8;
  into[at + 8] = streamId;
}

function frame(type: number, flags: number, streamId: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderLength + length);
  writeFrameHeader(bytes, 0, length, type, flags, streamId);
  return bytes;
}

/** A header block as HEADERS and as many CONTINUATION frames as it takes. */
export function headersFrames(streamId: number, block: Buffer, endStream: boolean, maxFrameSize: number): Buffer {
  if (block.length <= maxFrameSize) {
    const bytes = frame(frameType.headers, flag.endHeaders | (endStream ? flag.endStream : 0), streamId, block.length);
    block.copy(bytes, frameHeaderLength);
    return bytes;
  }
  const count = Math.ceil(block.length / maxFrameSize);
  const frames = Array.from({ length: count }, (_, index) => {
    const fragment = block.subarray(index * maxFrameSize, (index + 1) * maxFrameSize);
    const flags = (index === 0 && endStream ? flag.endStream : 0) | (index === count - 1 ? flag.endHeaders : 0);
    const bytes = frame(index === 0 ? frameType.headers : frameType.continuation, flags, streamId, fragment.length);
    fragment.copy(bytes, frameHeaderLength);
    return bytes;
  });
  return Buffer.concat(frames);
}

export function settingsFrame(settings: readonly Setting[]): Buffer {
  const bytes = frame(frameType.settings, 0, 0, settings.length * 6);
  settings.forEach(({ id, value }, index) => {
    bytes.writeUInt16BE(id, frameHeaderLength + index * 6);
    bytes.writeUInt32BE(value, frameHeaderLength + index * 6 + 2);
  });
  return bytes;
}

export function settingsAckFrame(): Buffer {
  return frame(frameType.settings, flag.ack, 0, 0);
}

export function pingFrame(payload: Buffer, ack: boolean): Buffer {
  const bytes = frame(frameType.ping, ack ? flag.ack : 0, 0, 8);
  payload.copy(bytes, frameHeaderLength);
  return bytes;
}

export function resetFrame(streamId: number, code: number): Buffer {
  const bytes = frame(frameType.rstStream, 0, streamId, 4);
  bytes.writeUInt32BE(code, frameHeaderLength);
  return bytes;
}

export function windowUpdateFrame(streamId: number, increment: number): Buffer {
  const bytes = frame(frameType.windowUpdate, 0, streamId, 4);
  bytes.writeUInt32BE(increment, frameHeaderLength);
  return bytes;
}

export function goAwayFrame(lastStreamId: number, code: number, detail = ''): Buffer {
  const debug = Buffer.from(detail, 'latin1');
  const bytes = frame(frameType.goAway, 0, 0, 8 + debug.length);
  bytes.writeUInt32BE(lastStreamId, frameHeaderLength);
  bytes.writeUInt32BE(code, frameHeaderLength + 4);
  debug.copy(bytes, frameHeaderLength + 8);
  return bytes;
}
